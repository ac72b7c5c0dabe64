namespace Capvec.Agents.Sandboxes.Dockerfiles;

/// <summary>A Dockerfile of the subset that a sandbox without containers can carry out.</summary>
/// <param name="BaseImage">What FROM names. The host's own system stands for it.</param>
/// <param name="WorkingDirectory">Where commands run: the last WORKDIR.</param>
/// <param name="Environment">Variables set by ENV.</param>
/// <param name="Steps">What is done to the files, in order.</param>
internal sealed record Dockerfile(string BaseImage, string WorkingDirectory, IReadOnlyDictionary<string, string> Environment, IReadOnlyList<DockerfileStep> Steps);
