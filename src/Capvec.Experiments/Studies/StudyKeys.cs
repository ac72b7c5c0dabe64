using System.Collections.Frozen;

namespace Capvec.Experiments.Studies;

/// <summary>Every key that study.yaml may hold, by section. The reader refuses all others; the editors' schema lists the same ones.</summary>
public static class StudyKeys
{
    /// <summary>Keys by section; the file's own are under the empty name, those of list items under the list's name with "[]".</summary>
    public static IReadOnlyDictionary<string, IReadOnlyList<string>> BySection { get; } = new Dictionary<string, IReadOnlyList<string>>
    {
        [""] = ["name", "question", "model", "activations", "adapters", "tasks", "sampling", "seed", "collect", "direction", "strength_unit", "screen", "select", "sweep", "verdict", "controls", "compute"],
        ["tasks"] = ["folder", "folders", "include", "exclude", "split"],
        ["sampling"] = ["temperature", "top_k", "top_p", "min_p", "repetition_penalty", "max_turns", "max_reply_tokens"],
        ["collect"] = ["arms", "attempts"],
        ["direction"] = ["positives", "negatives", "estimator", "positions", "mixed_tasks_only"],
        ["direction.positives[]"] = ["arm", "outcome", "tasks"],
        ["direction.negatives[]"] = ["arm", "outcome", "tasks"],
        ["screen"] = ["layers", "strengths", "traces", "kl_bound", "target_kl"],
        ["select"] = ["by", "layers", "strengths", "attempts", "max_layers"],
        ["sweep"] = ["attempts", "layers", "strengths", "multi_layer", "steering", "adapters"],
        ["sweep.multi_layer[]"] = ["layers", "strength"],
        ["sweep.steering[]"] = ["name", "vectors"],
        ["verdict"] = ["outcome", "tasks"],
        ["controls"] = ["alpha_zero", "random", "negative", "against_itself"],
        ["compute"] = ["concurrency", "threads", "permutations"],
    }.ToFrozenDictionary();
}
