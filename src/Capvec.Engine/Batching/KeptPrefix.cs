namespace Capvec.Engine.Batching;

/// <summary>
/// The state after a prefix, of the blocks from <see cref="First"/> to <see cref="Depth"/>: pages that are never written again while it lives. A sequence that starts
/// from it computes the same bits as one that starts from nothing.
/// </summary>
/// <remarks>First &lt;= b &lt; Depth: KeyValues[b] for attention blocks, Recurrent[b] for delta-rule blocks; null elsewhere. First &gt; 0 implies that Residuals is empty.</remarks>
internal sealed class KeptPrefix
{
    /// <summary>Positions computed.</summary>
    public required int Length { get; init; }

    /// <summary>Blocks before which the state is not kept: those that its sequence took from a trunk that went on from here. Whoever starts from it needs such a trunk too.</summary>
    public required int First { get; init; }

    /// <summary>The block after the last one whose state is kept.</summary>
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
        First <= other.First && Depth >= other.Depth && other.Residuals.All(theirs => Residuals.Any(mine => mine.Depth == theirs.Depth && mine.From <= theirs.From));
}
