namespace Capvec.Server.Hosting;

/// <summary>The answer to GET /health.</summary>
/// <param name="Status">ok.</param>
public sealed record HealthStatus(string Status);
