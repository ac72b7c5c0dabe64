namespace Capvec.Agents.Sandboxes.Dockerfiles;

/// <summary>Makes a folder where it is missing (WORKDIR does).</summary>
/// <param name="Line">1-based line.</param>
/// <param name="Folder">Absolute folder.</param>
internal sealed record FolderStep(int Line, string Folder) : DockerfileStep(Line);
