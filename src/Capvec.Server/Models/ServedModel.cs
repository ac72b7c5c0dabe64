using Capvec.Engine.Loading;

namespace Capvec.Server.Models;

/// <summary>The loaded model, plain or with one adapter, under the id by which requests name it.</summary>
/// <param name="Id">The folder's name.</param>
/// <param name="Fingerprint">Hash of the weights that answer.</param>
/// <param name="Adapter">The adapter, or null for the plain model.</param>
internal sealed record ServedModel(string Id, string Fingerprint, LoraAdapter? Adapter);
