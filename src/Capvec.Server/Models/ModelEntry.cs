namespace Capvec.Server.Models;

/// <summary>One model that requests may name.</summary>
/// <param name="Id">Its name.</param>
/// <param name="Object">model.</param>
/// <param name="Created">When the server loaded it, seconds since 1970.</param>
/// <param name="OwnedBy">capvec.</param>
/// <param name="Meta">Its shape and what may steer it.</param>
public sealed record ModelEntry(string Id, string Object, long Created, string OwnedBy, ModelMeta Meta);
