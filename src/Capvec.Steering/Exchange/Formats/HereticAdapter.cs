using System.Globalization;
using System.Text.RegularExpressions;
using Capvec.Formats.Errors;
using Capvec.Formats.Peft;
using Capvec.Steering.Directions;

namespace Capvec.Steering.Exchange.Formats;

/// <summary>
/// heretic keeps no directions but a LoRA of rank 1 on o_proj, out_proj and down_proj: <c>A = v^T W</c>, <c>B = -weight v</c>, so that <c>W + B A = (I - weight v v^T) W</c>. The direction of block b is
/// read back from B, and its weight as the scale. Rows rescaled by heretic's row normalisation are no multiple of v any more; then the two matrices of a block disagree, and the adapter is refused.
/// </summary>
internal sealed partial class HereticAdapter : IDirectionFormat
{
    // B is stored in bf16 as a rule, 2^-8 a number: two copies of v are at most 2^-7 apart, and their cosine within 2^-15 of 1.
    private const double LeastCosine = 0.9999;

    public string Name => "heretic adapter";

    public bool Detects(VectorFile file) => file is { Kind: VectorFileKind.Folder, Entry: null } && File.Exists(Path.Combine(file.Path, PeftConfig.FileName));

    public DirectionSet Read(VectorFile file, LayerReading? layersAre)
    {
        var modules = PeftAdapter.Load(file.Path).Modules.Select(m => (Module: m, Match: Edited().Match(m.Path))).ToList();
        if (modules.FirstOrDefault(m => !m.Match.Success || m.Module.Rank != 1) is { Module: { } other })
            throw new CapvecException($"{file.Path}: '{other.Path}' is adapted with rank {other.Rank}; a direction can be read from an adapter of rank 1 on o_proj, out_proj and down_proj alone, as heretic makes them without row normalisation.");
        var vectors = new LayerVectors(file.Path, layersAre ?? LayerReading.ResidPost);
        foreach (var block in modules.GroupBy(m => int.Parse(m.Match.Groups["layer"].ValueSpan, NumberStyles.None, CultureInfo.InvariantCulture)).OrderBy(g => g.Key))
        {
            // -B points along the direction for a positive weight; the heavier of the block's edits is kept.
            var edits = block.Select(m => m.Module.B.Select(b => -b * m.Module.Scale).ToArray()).Where(b => Direction.Length(b) > 0).OrderByDescending(b => Direction.Length(b)).ToList();
            if (edits.Count == 0)
                continue;
            var first = new Direction(block.Key, edits[0]);
            if (edits.Any(e => Math.Abs(first.Cosine(new Direction(block.Key, e))) < LeastCosine))
                throw new CapvecException($"{file.Path}: the adapters of block {block.Key} do not write along one direction; heretic's row normalisation, or training, has changed them, and the direction cannot be read back.");
            vectors.Add(block.Key, edits[0]);
        }

        return vectors.Finish(
            "block b of heretic's adapter is edited along the direction of the output of block b (or of one block for all)",
            DirectionProvenance.Unknown with { IsForAblation = true },
            [$"{file.Path}: lengths are heretic's ablation weights; 1 takes the component out"]);
    }

    [GeneratedRegex(@"(?:^|\.)layers\.(?<layer>\d{1,4})\.(?:self_attn\.o_proj|linear_attn\.out_proj|mlp\.down_proj)$", RegexOptions.CultureInvariant)]
    private static partial Regex Edited();
}
