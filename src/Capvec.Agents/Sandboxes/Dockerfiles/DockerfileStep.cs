namespace Capvec.Agents.Sandboxes.Dockerfiles;

/// <summary>Something that an instruction does to the machine's files.</summary>
/// <param name="Line">1-based line of the instruction, for errors.</param>
internal abstract record DockerfileStep(int Line);
