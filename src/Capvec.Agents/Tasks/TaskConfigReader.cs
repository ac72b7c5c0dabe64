using Capvec.Agents.Tasks.Toml;
using Capvec.Formats.Errors;

namespace Capvec.Agents.Tasks;

/// <summary>
/// Makes sense of task.toml: the keys that Capvec acts on are checked, those that ask for a machine it does not have are refused, all
/// others are kept as they are (Harbor's own reader ignores unknown keys too).
/// </summary>
internal static class TaskConfigReader
{
    /// <summary>Reads the text of a task.toml.</summary>
    /// <param name="text">The text.</param>
    /// <param name="file">Its path, for errors.</param>
    /// <exception cref="CapvecException">The text is not TOML, a key has a wrong type, or the task asks for what is not supported.</exception>
    public static TaskConfig Read(string text, string file)
    {
        var root = new TaskSection(TomlReader.Parse(text, file), "", file);
        var (environment, agent, verifier) = (root.Section("environment"), root.Section("agent"), root.Section("verifier"));
        RefuseOtherMachines(root, environment, agent, verifier);
        return new()
        {
            Metadata = root.Section("metadata").Table.Plain,
            AgentTimeout = agent.Seconds("timeout_sec"),
            VerifierTimeout = verifier.Seconds("timeout_sec") ?? TimeSpan.FromSeconds(600),
            BuildTimeout = environment.Seconds("build_timeout_sec") ?? TimeSpan.FromSeconds(600),
            Cpus = (int?)environment.Count("cpus", 1, 4096),
            MemoryMb = environment.Megabytes("memory"),
            StorageMb = environment.Megabytes("storage"),
            WorkingDirectory = ReadWorkingDirectory(environment),
            EnvironmentVariables = environment.Variables("env"),
            VerifierVariables = verifier.Variables("env"),
            All = root.Table.Plain,
        };
    }

    private static void RefuseOtherMachines(TaskSection root, TaskSection environment, TaskSection agent, TaskSection verifier)
    {
        if (environment.Text("os") is { } system && system != "linux")
            environment.Refuse("os", _ => true, $"the system '{system}'");
        root.Refuse("steps", IsFilled, "several steps");
        environment.Refuse("gpus", v => v.Content is not long or not 0L, "GPUs");
        environment.Refuse("gpu_types", IsFilled, "GPUs");
        environment.Refuse("tpu", _ => true, "a TPU");
        environment.Refuse("mcp_servers", IsFilled, "MCP servers");
        environment.Refuse("healthcheck", _ => true, "a health check");
        verifier.Refuse("environment", _ => true, "a verifier in a machine of its own");
        verifier.Refuse("environment_mode", v => v.Content is not "shared", "a verifier in a machine of its own");
        verifier.Refuse("collect", IsFilled, "collection hooks");
        agent.Refuse("user", IsNotRoot, "another user than root");
        verifier.Refuse("user", IsNotRoot, "another user than root");
    }

    private static bool IsFilled(TomlValue value) => value.Content is not List<TomlValue> { Count: 0 };

    private static bool IsNotRoot(TomlValue value) => value.Content is not ("root" or "0" or 0L);

    private static string? ReadWorkingDirectory(TaskSection environment)
    {
        var folder = environment.Text("workdir");
        if (folder is not null && (!folder.StartsWith('/') || folder.Contains('\0', StringComparison.Ordinal) || folder.Split('/').Contains("..")))
            throw environment.Wrong("workdir", environment.Find("workdir")!, "an absolute folder inside the machine, such as \"/app\"");
        return folder;
    }
}
