using Capvec.Engine.Loading;
using Capvec.Experiments.Prompts;
using Capvec.Formats.Errors;
using Capvec.Steering.Activations;
using Capvec.Steering.Directions;
using Capvec.Steering.Estimation;

namespace Capvec.Experiments.Screening;

/// <summary>What a screen needs where a contrast is written down as texts: positives stand for solved traces, negatives for failed ones, and every text is read under a direction made without its group.</summary>
/// <param name="Traces">The texts.</param>
/// <param name="Directions">The direction of all texts.</param>
/// <param name="Folds">By fold, the directions made without its groups.</param>
public sealed record TextScreen(IReadOnlyList<ScreenTrace> Traces, DirectionSet Directions, IReadOnlyList<DirectionSet> Folds)
{
    /// <summary>How the directions are held out, in words.</summary>
    public string HeldOut => FormattableString.Invariant($"each text is read under a direction made without its pair or group ({Folds.Count} folds)");

    /// <summary>Prepares texts.</summary>
    /// <param name="model">Encodes them.</param>
    /// <param name="texts">Both sides.</param>
    /// <param name="activations">Their rows, in the same order (<see cref="TextActivations"/>).</param>
    /// <param name="chat">Whether they were read in the model's chat template.</param>
    /// <param name="seed">Seed of the division into folds.</param>
    /// <param name="estimator">How directions are made.</param>
    /// <exception cref="CapvecException">Without one fold's groups a side is empty, or a text has no token that could be scored.</exception>
    public static TextScreen Of(TextModel model, IReadOnlyList<ContrastText> texts, ActivationSet activations, bool chat, ulong seed, IDirectionEstimator estimator)
    {
        var folds = ScreenFolds.Make(activations, texts.Select(text => text.Group), seed, estimator);
        return new([.. texts.Select(text => Trace(model, text, chat) with { Fold = folds.OfTask[text.Group] })], DirectionFit.Fit(activations, estimator), folds.Directions);
    }

    private static ScreenTrace Trace(TextModel model, ContrastText text, bool chat)
    {
        var (ids, own) = TextActivations.Encode(model, text, chat);
        own[0] = false; // nothing comes before it that could make it likely
        var first = Array.IndexOf(own, true);
        return first > 0
            ? new(text.Id, text.Group, text.IsPositive, [.. ids], [.. own], [new ScreenReply(first, ids.Length, [])])
            : throw new CapvecException($"{text.Id}: a text of one token with nothing before it cannot be scored; remove it, or give it a prompt.");
    }
}
