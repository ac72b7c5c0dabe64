using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Capvec.Agents.Tasks;
using Capvec.Agents.Trials;
using Capvec.Experiments.Randomness;
using Capvec.Experiments.Studies;
using Capvec.Numerics.Kernels;
using Capvec.Numerics.Randomness;

namespace Capvec.Experiments.Running;

/// <summary>Lists a stage's trials in the order in which they run.</summary>
internal sealed class TrialPlanner(StudyDefinition study, string modelHash, string protocol, string sandbox)
{
    /// <summary>
    /// All trials of a stage. Tasks and attempts come in a random order that the study's seed fixes, and within each all arms follow each other in a random order: so
    /// the arms are interleaved in time, and wherever a run stops, they have been tried on almost the same tasks and seeds.
    /// </summary>
    public IReadOnlyList<PlannedTrial> Plan(string stage, IReadOnlyList<TrialArm> arms, IReadOnlyList<HarborTask> tasks, int attempts)
    {
        var random = new SplitMix64(Seeds.Derive(study.Seed, stage, "order"));
        var cells = (from attempt in Enumerable.Range(0, attempts) from task in tasks select (task, attempt)).ToList();
        random.Shuffle(cells);
        var trials = new List<PlannedTrial>();
        foreach (var (task, attempt) in cells)
        {
            var order = arms.ToList();
            random.Shuffle(order);
            foreach (var arm in order)
            {
                var seed = TrialSeeds.OfTrial(Seeds.Derive(study.Seed, stage, arm.SeedStream), task.Name, attempt);
                trials.Add(new(new(stage, arm.Name, task.Name, attempt), arm, task, seed, Inputs(arm, task, seed)));
            }
        }

        return trials;
    }

    /// <summary>16 hexadecimal digits over all that a trial's course depends on; a finished trial with others is stale.</summary>
    private string Inputs(TrialArm arm, HarborTask task, ulong seed)
    {
        var text = string.Join('\n', modelHash, arm.Adapter?.Hash, arm.Steering.Fingerprint, task.Hash, protocol, sandbox,
            seed.ToString(CultureInfo.InvariantCulture), study.Sampling.ToString());
        // Left out where it is the usual one, so that trials of older studies stay what they are.
        if (study.Activations != Activations.Int16)
            text += $"\n{study.Activations}";
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)))[..16];
    }
}
