using System.Globalization;
using Capvec.Engine.Sampling;
using Capvec.Experiments.Screening;
using Capvec.Formats.Errors;
using Capvec.Formats.Files;
using Capvec.Numerics.Kernels;
using Capvec.Steering.Estimation;
using Capvec.Steering.Specification;

namespace Capvec.Experiments.Studies;

/// <summary>Reads study.yaml and refuses, with line and column, what it cannot mean. Relative paths count from the file's folder.</summary>
public static class StudyReader
{
    /// <summary>The arm that is the plain model.</summary>
    public const string Base = "base";

    /// <summary>Reads a study file.</summary>
    /// <exception cref="CapvecException">The file is missing, is not YAML, or a key is unknown, missing, of a wrong type or at odds with another.</exception>
    public static StudyDefinition Load(string file)
    {
        string text;
        try
        {
            text = InputFile.ReadText(file);
        }
        catch (CapvecException e)
        {
            throw new CapvecException($"cannot read the study: {e.Message} Give the path of a study.yaml (docs/studies.md).", e, CapvecException.WrongUsage);
        }

        return Parse(text, file);
    }

    /// <summary>Reads a study's text.</summary>
    /// <param name="text">YAML.</param>
    /// <param name="file">The file it is from: named in errors, and its folder is where relative paths count from.</param>
    /// <exception cref="CapvecException">As for <see cref="Load"/>.</exception>
    public static StudyDefinition Parse(string text, string file)
    {
        var root = YamlSection.Read(file, "", YamlText.Parse(text, file));
        var folder = Path.GetDirectoryName(Path.GetFullPath(file))!;
        var adapters = ReadAdapters(root, file, folder);
        var select = ReadSelect(root);
        return new StudyDefinition
        {
            File = Path.GetFullPath(file),
            Yaml = text,
            Name = ReadName(root),
            Question = root.Text("question"),
            Model = FolderOrGguf(root, "model", folder, "config.json and safetensors files"),
            Adapters = adapters,
            Tasks = ReadTasks(root.Required("tasks"), file, folder),
            Sampling = ReadSampling(root.Section("sampling")),
            Seed = ReadSeed(root),
            Collect = ReadCollect(root.Required("collect"), adapters),
            Direction = ReadDirection(root.Required("direction"), file, root.Required("collect")),
            Activations = root.Choice("activations", Activations.Int16, ("int16", Activations.Int16), ("int8", Activations.Int8), ("float32", Activations.Float32)),
            StrengthUnit = root.Choice("strength_unit", StrengthScale.Residual, ("residual", StrengthScale.Residual), ("difference", StrengthScale.Difference), ("norm", StrengthScale.Norm)),
            Screen = ReadScreen(root.Section("screen")),
            Select = select,
            Sweep = ReadSweep(root.Required("sweep"), file, select, adapters),
            Verdict = ReadVerdict(root.Section("verdict")),
            Controls = ReadControls(root.Section("controls")),
            Compute = ReadCompute(root.Section("compute")),
        };
    }

    private static string ReadName(YamlSection root)
    {
        var name = root.Text("name");
        return name.Length <= 60 && name.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.') && name[0] != '.'
            ? name
            : throw root.Error("name", $"name is '{name}'; expected at most 60 letters, digits, '-', '_' and '.', since it names folders");
    }

    internal static ulong ReadSeed(YamlSection root) =>
        ulong.TryParse(root.Text("seed"), NumberStyles.None, CultureInfo.InvariantCulture, out var seed)
            ? seed
            : throw root.Error("seed", $"seed is '{root.Text("seed")}'; expected a whole number from 0 to {ulong.MaxValue}");

    private static string Folder(YamlSection section, string key, string root, string what)
    {
        var given = section.Text(key);
        var path = Path.GetFullPath(given, root);
        return Directory.Exists(path)
            ? path
            : throw section.Error(key, $"{section.Name(key)} is '{given}', but there is no folder {path}; expected a folder with {what}, its path counted from the study file");
    }

    private static string FolderOrGguf(YamlSection section, string key, string root, string what)
    {
        var path = Path.GetFullPath(section.Text(key), root);
        return File.Exists(path) && Path.GetExtension(path).Equals(".gguf", StringComparison.OrdinalIgnoreCase) ? path : Folder(section, key, root, $"{what}, or a .gguf file");
    }

    private static List<KeyValuePair<string, string>> ReadAdapters(YamlSection root, string file, string folder)
    {
        if (!root.Has("adapters"))
            return [];
        var section = YamlSection.ReadFree(file, "adapters", root.Node("adapters"));
        foreach (var (name, _) in section.Entries)
        {
            if (name == Base || name.Contains(' ', StringComparison.Ordinal) || name.Length > 40)
                throw section.Error(name, $"an adapter is called '{name}'; expected another name than 'base', without spaces and of at most 40 characters, since arms are named after adapters");
        }

        return [.. section.Entries.Select(e => KeyValuePair.Create(e.Key, FolderOrGguf(section, e.Key, folder, "adapter_config.json")))];
    }

    private static TaskChoice ReadTasks(YamlSection section, string file, string folder)
    {
        if (section.Has("folder") && section.Has("folders"))
            throw section.Error("folders", "tasks.folders stands beside tasks.folder; give one folder, or several by name");
        return new(
            section.Has("folders") ? "" : Folder(section, "folder", folder, "task folders"),
            section.Has("include") ? section.Texts("include") : ["*"],
            section.Has("exclude") ? section.Texts("exclude") : [],
            section.Choice("split", TaskSplit.None, ("none", TaskSplit.None), ("half", TaskSplit.Half)))
        {
            Groups = section.Has("folders") ? ReadGroups(YamlSection.ReadFree(file, "tasks.folders", section.Node("folders")), folder) : [],
        };
    }

    private static IReadOnlyList<KeyValuePair<string, string>> ReadGroups(YamlSection section, string folder)
    {
        foreach (var (name, _) in section.Entries)
        {
            if (!(name.Length <= 40 && name.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.')))
                throw section.Error(name, $"a group of tasks is called '{name}'; expected at most 40 letters, digits, '-', '_' and '.', since tasks are called GROUP/TASK");
        }

        return section.Entries.Count > 0
            ? [.. section.Entries.Select(e => KeyValuePair.Create(e.Key, Folder(section, e.Key, folder, "task folders")))]
            : throw section.Place.Error("tasks.folders is empty; expected folders by name, such as {guarded: ../tasks/guarded}");
    }

    internal static OutcomePlan ReadVerdict(YamlSection? section) => section is null
        ? new()
        : new(section.Choice("outcome", TrialOutcome.Passed, ("passed", TrialOutcome.Passed), ("refusal", TrialOutcome.Refusal)), section.Has("tasks") ? section.Text("tasks") : "*");

    private static SamplingChoice ReadSampling(YamlSection? section) => section is null ? new() : new()
    {
        Options = new SamplingOptions
        {
            Temperature = (float)section.Number("temperature", 0, 100, 0.8),
            TopK = section.Whole("top_k", 0, int.MaxValue, 0),
            TopP = (float)section.Number("top_p", 0.000001, 1, 1),
            MinP = (float)section.Number("min_p", 0, 1, 0),
            RepetitionPenalty = (float)section.Number("repetition_penalty", 0.01, 100, 1),
        },
        MaxTurns = section.Whole("max_turns", 1, 100_000, 6),
        MaxReplyTokens = section.Whole("max_reply_tokens", 1, 1_000_000, 200),
    };

    private static CollectPlan ReadCollect(YamlSection section, List<KeyValuePair<string, string>> adapters)
    {
        var arms = section.Texts("arms");
        foreach (var arm in arms)
            CheckArm(section.PlaceOf("arms"), "collect.arms", arm, adapters);
        return new(arms, section.Whole("attempts", 1, 1_000_000));
    }

    private static void CheckArm(YamlPlace place, string name, string arm, List<KeyValuePair<string, string>> adapters)
    {
        string[] known = [Base, .. adapters.Select(a => a.Key)];
        if (!known.Contains(arm))
            throw place.Error($"{name} names '{arm}'{NearestKey.Suggest(arm, known)}; known are {string.Join(", ", known)} (adapters are listed under adapters)");
    }

    private static ContrastPlan ReadDirection(YamlSection section, string file, YamlSection collect)
    {
        var positives = ReadSides(section, "positives", file, collect);
        var negatives = ReadSides(section, "negatives", file, collect);
        if (positives.Intersect(negatives).FirstOrDefault() is { } both)
            throw section.Error("negatives", $"direction.negatives holds '{both}', which is among the positives too; a trace can stand on one side only");
        return new(
            positives,
            negatives,
            section.Choice("positions", TokenPositions.AgentTokens, ("agent-tokens", TokenPositions.AgentTokens), ("last-prompt", TokenPositions.LastPrompt)),
            section.Flag("mixed_tasks_only", false))
        {
            Estimator = section.Choice("estimator", MeanDifference.Name, [.. DirectionEstimators.Names.Select(name => (name, name))]),
        };
    }

    private static List<ContrastSide> ReadSides(YamlSection direction, string key, string file, YamlSection collect)
    {
        var sides = new List<ContrastSide>();
        var collected = collect.Texts("arms");
        foreach (var node in direction.List(key))
        {
            var section = YamlSection.Read(file, $"direction.{key}[]", node);
            var arm = section.Text("arm");
            if (!collected.Contains(arm))
                throw section.Error("arm", $"direction.{key} names '{arm}'{NearestKey.Suggest(arm, collected)}, which collect does not run; collect.arms has {string.Join(", ", collected)}");
            if (!section.Has("outcome"))
                throw section.Missing("outcome");
            var side = new ContrastSide(arm, section.Choice("outcome", (bool?)true, ("solved", true), ("failed", false), ("any", null)), section.Has("tasks") ? section.Text("tasks") : "*");
            if (sides.Contains(side))
                throw section.Place.Error($"direction.{key} holds '{side}' twice; give it once");
            sides.Add(side);
        }

        return sides;
    }

    private static ScreenChoice? ReadScreen(YamlSection? section) => section is null ? null : new(
        !section.Has("layers") || section.Says("layers", "all") ? null : section.Layers("layers"),
        section.Strengths("strengths"),
        section.Whole("traces", 4, 1_000_000, 100),
        section.Number("kl_bound", 1e-9, 1e6, ScreenPlan.UsualKlBound),
        section.Has("target_kl") ? section.Number("target_kl", 1e-9, 1e6) : null);

    private static SelectionPlan? ReadSelect(YamlSection root)
    {
        if (root.Section("select") is not { } section)
            return null;
        if (!section.Has("by"))
            throw section.Missing("by");
        var by = section.Choice("by", SelectionRule.Sweep, ("held-out-auc", SelectionRule.HeldOutAuc), ("sweep", SelectionRule.Sweep), ("screen", SelectionRule.Screen));
        var layers = !section.Has("layers") || section.Says("layers", "all") ? null : section.Layers("layers");
        if (by == SelectionRule.Sweep)
            return new(by, layers, section.Strengths("strengths"), section.Whole("attempts", 1, 1_000_000), section.Has("max_layers") ? section.Whole("max_layers", 1, 100_000) : null);
        if (by == SelectionRule.Screen)
        {
            if (!root.Has("screen"))
                throw section.Error("by", "select.by is screen, but the study has no screen section to choose from; add one with the strengths to be tried");
            foreach (var key in new[] { "layers", "strengths", "attempts", "max_layers" })
            {
                if (section.Has(key))
                    throw section.Error(key, $"select.{key} has no meaning with by: screen, which chooses among the points of the screen section; leave it out");
            }

            return new(by, null, [], 0, null);
        }

        foreach (var key in new[] { "strengths", "attempts", "max_layers" })
        {
            if (section.Has(key))
                throw section.Error(key, $"select.{key} has no meaning with by: held-out-auc, which runs no trials; leave it out{(key == "strengths" ? " and give strengths under sweep" : "")}, or choose by: sweep");
        }

        return new(by, layers, [], 0, null);
    }

    private static SweepPlan ReadSweep(YamlSection section, string file, SelectionPlan? select, List<KeyValuePair<string, string>> adapters)
    {
        var steering = ReadSteering(section, file);
        var written = steering.Count > 0 && select is null && !section.Has("layers") && !section.Has("strengths");
        IReadOnlyList<int>? layers = written ? [] : null;
        IReadOnlyList<double>? strengths = written ? [] : null;
        if (!written && !Chosen(section, "layers", select is not null, "a select section"))
            layers = section.Layers("layers");
        if (!written && !Chosen(section, "strengths", select?.By is SelectionRule.Sweep or SelectionRule.Screen, "select with by: sweep or by: screen"))
            strengths = section.Strengths("strengths");
        if (layers is not null && strengths is null)
            throw section.Error("layers", "sweep.layers lists layers while sweep.strengths is chosen; layer and strength are chosen together, so give both or neither");
        var tested = ReadTestedAdapters(section, adapters);
        return new(section.Whole("attempts", 1, 1_000_000), layers, strengths, ReadMultiLayer(section, file), tested) { Steering = steering };
    }

    private static List<SteeredArm> ReadSteering(YamlSection sweep, string file)
    {
        var arms = new List<SteeredArm>();
        if (!sweep.Has("steering"))
            return arms;
        foreach (var node in sweep.List("steering"))
        {
            var section = YamlSection.Read(file, "sweep.steering[]", node);
            var name = section.Text("name");
            if (name.Length > 60 || name.StartsWith(Base, StringComparison.Ordinal) || arms.Exists(a => a.Name == name))
                throw section.Error("name", $"an arm of sweep.steering is called '{name}'; expected another name for each, of at most 60 characters and not beginning with 'base'");
            var json = new System.Text.Json.Nodes.JsonObject { ["vectors"] = YamlText.ToJson(section.Node("vectors")) };
            try
            {
                arms.Add(new(name, SteeringSpec.Parse(json.ToJsonString(), $"sweep.steering[{arms.Count}]")));
            }
            catch (CapvecException e)
            {
                throw section.PlaceOf("vectors").Error(e.Message.TrimEnd('.'), e);
            }
        }

        return arms;
    }

    private static IReadOnlyList<string> ReadTestedAdapters(YamlSection section, List<KeyValuePair<string, string>> adapters)
    {
        if (!section.Has("adapters") || section.Says("adapters", "all"))
            return [.. adapters.Select(a => a.Key)];
        if (section.List("adapters", mayBeEmpty: true).Count == 0)
            return [];
        var tested = section.Texts("adapters");
        foreach (var arm in tested)
            CheckArm(section.PlaceOf("adapters"), "sweep.adapters", arm, adapters);
        return tested.Contains(Base) ? throw section.Error("adapters", "sweep.adapters names 'base', which is always tested; leave it out") : tested;
    }

    /// <summary>Whether the value is the word "chosen" (or missing, where something can choose).</summary>
    private static bool Chosen(YamlSection section, string key, bool canChoose, string needs)
    {
        if (section.Has(key) && !section.Says(key, "chosen"))
            return false;
        return canChoose ? true : throw section.Error(key, $"{section.Name(key)} is {(section.Has(key) ? "chosen" : "missing")}, but nothing chooses it; add {needs}, or list {(key == "layers" ? "0-based blocks, such as [3]" : "strengths, such as [4]")}");
    }

    private static List<LayerSet> ReadMultiLayer(YamlSection sweep, string file)
    {
        if (!sweep.Has("multi_layer"))
            return [];
        var sets = new List<LayerSet>();
        foreach (var node in sweep.List("multi_layer", mayBeEmpty: true))
        {
            var section = YamlSection.Read(file, "sweep.multi_layer[]", node);
            var set = new LayerSet(section.Layers("layers"), section.Strength("strength"));
            if (set.Layers.Count < 2)
                throw section.Error("layers", "sweep.multi_layer holds a set of one layer; a single layer goes under sweep.layers");
            if (sets.Exists(s => s.Strength == set.Strength && s.Layers.SequenceEqual(set.Layers)))
                throw section.Place.Error("sweep.multi_layer holds the same layers and strength twice; give each set once");
            sets.Add(set);
        }

        return sets;
    }

    private static ControlPlan ReadControls(YamlSection? section) => section is null
        ? new()
        : new(section.Flag("alpha_zero", true), section.Flag("random", true), section.Flag("negative", true), section.Flag("against_itself", true));

    private static ComputePlan ReadCompute(YamlSection? section) => section is null
        ? new()
        : new(section.Whole("concurrency", 1, 4096, 32), section.Has("threads") ? section.Whole("threads", 1, 1024) : null, section.Whole("permutations", 0, 1_000_000, 1000));
}
