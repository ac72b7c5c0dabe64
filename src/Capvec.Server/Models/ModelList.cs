namespace Capvec.Server.Models;

/// <summary>The answer to GET /v1/models.</summary>
/// <param name="Object">list.</param>
/// <param name="Data">The models.</param>
public sealed record ModelList(string Object, IReadOnlyList<ModelEntry> Data);
