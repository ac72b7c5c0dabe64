using Capvec.Agents.Tasks;
using Capvec.Experiments.Storage;

namespace Capvec.Experiments.Running;

/// <summary>A trial to run.</summary>
internal sealed record PlannedTrial(TrialKey Key, TrialArm Arm, HarborTask Task, ulong Seed, string Inputs);
