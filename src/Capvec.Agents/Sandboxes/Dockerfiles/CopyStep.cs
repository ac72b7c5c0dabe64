namespace Capvec.Agents.Sandboxes.Dockerfiles;

/// <summary>COPY: files and folders of the build context into the machine.</summary>
/// <param name="Line">1-based line.</param>
/// <param name="Sources">Paths below the context, * and ? allowed; a folder stands for what is in it.</param>
/// <param name="Destination">Absolute path.</param>
/// <param name="IntoFolder">Whether the destination is surely a folder: it ends in a slash, or there are several sources.</param>
/// <param name="Mode">Mode given with --chmod, or null to keep each file's own.</param>
internal sealed record CopyStep(int Line, IReadOnlyList<string> Sources, string Destination, bool IntoFolder, UnixFileMode? Mode) : DockerfileStep(Line);
