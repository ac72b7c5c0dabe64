namespace Capvec.Agents.Sandboxes.Dockerfiles;

/// <summary>One instruction with its lines joined.</summary>
/// <param name="Line">1-based line of its first word.</param>
/// <param name="Name">The instruction in capitals.</param>
/// <param name="Rest">What follows it, trimmed.</param>
internal sealed record DockerfileInstruction(int Line, string Name, string Rest);
