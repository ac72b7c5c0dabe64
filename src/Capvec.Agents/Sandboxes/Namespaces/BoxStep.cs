using Capvec.Agents.Sandboxes.Dockerfiles;

namespace Capvec.Agents.Sandboxes.Namespaces;

/// <summary>One step of setting a box up: an archive to unpack, or a command to run.</summary>
/// <param name="Archive">A tar archive for the root folder, or null.</param>
/// <param name="Command">A command of the Dockerfile, or null.</param>
internal sealed record BoxStep(byte[]? Archive, RunStep? Command);
