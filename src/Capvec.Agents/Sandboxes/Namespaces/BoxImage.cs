using Capvec.Agents.Sandboxes.Dockerfiles;

namespace Capvec.Agents.Sandboxes.Namespaces;

/// <summary>Everything of a task that goes into its boxes, read once and used by every trial.</summary>
/// <param name="Dockerfile">The environment's Dockerfile.</param>
/// <param name="DockerfilePath">Where it is, for errors.</param>
/// <param name="WorkingDirectory">Where commands run.</param>
/// <param name="Variables">Variables of every command, as NAME=value.</param>
/// <param name="VerifierVariables">Variables of the verifier, as NAME=value.</param>
/// <param name="Steps">How a box is filled.</param>
/// <param name="Tests">The archive for /tests.</param>
internal sealed record BoxImage(
    Dockerfile Dockerfile,
    string DockerfilePath,
    string WorkingDirectory,
    IReadOnlyList<string> Variables,
    IReadOnlyList<string> VerifierVariables,
    IReadOnlyList<BoxStep> Steps,
    byte[] Tests);
