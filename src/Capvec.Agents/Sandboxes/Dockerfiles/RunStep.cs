namespace Capvec.Agents.Sandboxes.Dockerfiles;

/// <summary>RUN: a command in the machine while it is built.</summary>
/// <param name="Line">1-based line.</param>
/// <param name="Command">A line for /bin/sh.</param>
/// <param name="WorkingDirectory">Where it runs.</param>
/// <param name="Environment">Variables that ENV has set so far.</param>
internal sealed record RunStep(int Line, string Command, string WorkingDirectory, IReadOnlyDictionary<string, string> Environment) : DockerfileStep(Line);
