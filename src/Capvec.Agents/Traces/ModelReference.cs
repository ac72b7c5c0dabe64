namespace Capvec.Agents.Traces;

/// <summary>A model or adapter that took part in a trial.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Hash">Its hash, or null where it is not known.</param>
public sealed record ModelReference(string Name, string? Hash = null);
