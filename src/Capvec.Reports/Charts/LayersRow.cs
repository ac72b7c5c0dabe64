namespace Capvec.Reports.Charts;

/// <summary>One layer of a <see cref="LayersChart"/>; null where there is no figure.</summary>
/// <param name="Layer">0-based block.</param>
/// <param name="Auc">In-sample AUC.</param>
/// <param name="HeldOut">Held-out AUC.</param>
/// <param name="Low">Lower end of the held-out AUC's interval.</param>
/// <param name="High">Upper end of the held-out AUC's interval.</param>
/// <param name="Margin">Length of the mean difference.</param>
/// <param name="P">Permutation p.</param>
/// <param name="Chosen">Whether the study chose it.</param>
/// <param name="Detail">Lines of the tooltip.</param>
internal sealed record LayersRow(int Layer, double? Auc, double? HeldOut, double? Low, double? High, double? Margin, double? P, bool Chosen, IReadOnlyList<string> Detail);
