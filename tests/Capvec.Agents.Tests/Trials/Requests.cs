using Capvec.Agents.Tasks;
using Capvec.Agents.Trials;

namespace Capvec.Agents.Tests.Trials;

/// <summary>Requests of trials for tests.</summary>
internal static class Requests
{
    public static TrialRequest Of(string instruction, int attempt = 0, TimeSpan? agentTimeout = null) => new()
    {
        Task = new HarborTask
        {
            Folder = "/nowhere",
            Name = "some-task",
            Instruction = instruction,
            Hash = "0123456789abcdef",
            Config = new TaskConfig { Metadata = new Dictionary<string, object?>(), All = new Dictionary<string, object?>(), AgentTimeout = agentTimeout },
        },
        Arm = "base",
        Attempt = attempt,
        Seed = TrialSeeds.OfTrial(1, "some-task", attempt),
    };
}
