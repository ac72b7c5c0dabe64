namespace Capvec.Engine.Batching;

/// <summary>
/// The state after a prefix, of the first <see cref="Depth"/> blocks: pages that are never written again while it lives. A sequence that starts
/// from it computes the same bits as one that starts from nothing.
/// </summary>
/// <remarks>KeyValues[b] for attention blocks b &lt; Depth, Recurrent[b] for delta-rule blocks b &lt; Depth, null elsewhere.</remarks>
internal sealed class KeptPrefix
{
    /// <summary>Positions computed.</summary>
    public required int Length { get; init; }

    /// <summary>Blocks whose state is kept.</summary>
    public required int Depth { get; init; }

    /// <summary>[layers].</summary>
    public required PageRun?[] KeyValues { get; init; }

    /// <summary>[layers].</summary>
    public required Page?[] Recurrent { get; init; }

    /// <summary>Residual rows, by depth; only where no steering acts on the prefix in the blocks before.</summary>
    public required IReadOnlyList<KeptResiduals> Residuals { get; init; }

    /// <summary>Every page, some perhaps twice.</summary>
    public IEnumerable<Page> Pages =>
        KeyValues.SelectMany(run => run?.Pages ?? []).Concat(Recurrent.OfType<Page>()).Concat(Residuals.SelectMany(r => r.Rows.Pages));

    /// <summary>Whether whatever the other one serves, this one serves too.</summary>
    public bool Covers(KeptPrefix other) =>
        Depth >= other.Depth && other.Residuals.All(theirs => Residuals.Any(mine => mine.Depth == theirs.Depth && mine.From <= theirs.From));
}
