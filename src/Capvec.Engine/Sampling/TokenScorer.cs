using System.Collections.Immutable;
using Capvec.Engine.Requests;
using Capvec.Formats.Errors;
using Capvec.Numerics.Vectors;

namespace Capvec.Engine.Sampling;

/// <summary>Reduces the rows of logits of one teacher-forced pass to figures a target. Rows may come from several workers at once, each position once.</summary>
internal sealed unsafe class TokenScorer
{
    private readonly IReadOnlyList<int> _tokens;
    private readonly ReferenceRows? _reference;
    private readonly ReferenceRows? _kept;
    private readonly ImmutableArray<int> _targets;
    private readonly int[] _slot;
    private readonly float[] _logProbs;
    private readonly float[] _entropies;
    private readonly float[] _divergences;
    private readonly int _vocabulary;

    /// <summary>Prepares for a pass over some tokens.</summary>
    /// <exception cref="CapvecException">The mask does not fit the tokens, marks none or the first, or the reference is of another vocabulary.</exception>
    public TokenScorer(ScoreRequest request, IReadOnlyList<int> tokens, int vocabulary)
    {
        if (request.Targets.Count != tokens.Count)
            throw new CapvecException($"the mask of scored tokens has {request.Targets.Count} entries for {tokens.Count} tokens; give one for each.");
        _targets = [.. Enumerable.Range(0, tokens.Count).Where(i => request.Targets[i])];
        if (_targets.IsEmpty || _targets[0] == 0)
            throw new CapvecException(_targets.IsEmpty ? "no token is to be scored; mark at least one." : "token 0 is to be scored, but nothing comes before it that could predict it; begin with token 1.");
        if (request.Reference is { } reference && reference.Vocabulary != vocabulary)
            throw new CapvecException($"the reference has rows of {reference.Vocabulary} tokens, the model's vocabulary has {vocabulary}; take it from a pass of the same model.");
        (_tokens, _vocabulary, _reference) = (tokens, vocabulary, request.Reference);
        _slot = new int[tokens.Count];
        Array.Fill(_slot, -1);
        for (var i = 0; i < _targets.Length; i++)
            _slot[_targets[i]] = i;
        (_logProbs, _entropies) = (new float[_targets.Length], new float[_targets.Length]);
        _divergences = _reference is null ? [] : new float[_targets.Length];
        if (request.KeepRows > 0)
            _kept = new ReferenceRows(Spread(_targets, request.KeepRows), vocabulary);
    }

    /// <summary>The position whose row of logits is needed first.</summary>
    public int First => _targets[0] - 1;

    /// <summary>Whether the row of a position predicts a target.</summary>
    public bool Wants(int position) => position + 1 < _slot.Length && _slot[position + 1] >= 0;

    /// <summary>Takes the row of a position that is wanted.</summary>
    public void Read(int position, float* logits, TokenSampler sampler)
    {
        var target = position + 1;
        var slot = _slot[target];
        var score = sampler.Score(logits, _tokens[target]);
        (_logProbs[slot], _entropies[slot]) = (score.LogProb, score.Entropy);
        if (_kept?.At(target) is { } row)
        {
            for (var i = 0; i < row.Length; i++)
                row[i] = logits[i] - score.Normaliser;
        }

        if (_reference is null)
            return;
        if (_reference.At(target) is not { } reference)
        {
            _divergences[slot] = float.NaN;
            return;
        }

        fixed (float* p = reference)
            _divergences[slot] = Rows.Divergence(p, logits, score.Normaliser, _vocabulary);
    }

    /// <summary>The figures, when every row has come.</summary>
    public TokenScores Result() => new(_targets, _logProbs, _entropies, _divergences, _kept);

    private static IEnumerable<int> Spread(ImmutableArray<int> targets, int most)
    {
        var count = Math.Min(most, targets.Length);
        return Enumerable.Range(0, count).Select(i => targets[(int)((long)i * targets.Length / count)]);
    }
}
