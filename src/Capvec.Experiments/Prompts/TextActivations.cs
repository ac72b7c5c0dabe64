using Capvec.Engine.Loading;
using Capvec.Engine.Requests;
using Capvec.Engine.Scheduling;
using Capvec.Formats.Errors;
using Capvec.Steering.Activations;
using Capvec.Text.Templates;

namespace Capvec.Experiments.Prompts;

/// <summary>Residual rows of written-down texts, for directions from prompt pairs and text files.</summary>
public static class TextActivations
{
    /// <summary>
    /// One row a text and block: the mean over the text's own tokens, or its last one. A prompt comes before and is not read. As chat, a text alone is the user's
    /// message, read with the template's markers up to where the reply would begin (so that the last token is where a model decides what to say), and a
    /// text with a prompt is the reply to it.
    /// </summary>
    /// <param name="model">Reads the texts.</param>
    /// <param name="engine">Runs it.</param>
    /// <param name="texts">Both sides.</param>
    /// <param name="last">The last token, else the mean.</param>
    /// <param name="chat">Put texts into the model's chat template.</param>
    /// <param name="done">Told how many are done, one call at a time.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <exception cref="CapvecException">A side or a text is empty.</exception>
    public static async Task<ActivationSet> CaptureAsync(
        TextModel model, InferenceEngine engine, IReadOnlyList<ContrastText> texts, bool last, bool chat, Action<int> done, CancellationToken cancellation)
    {
        if (texts.Select(text => text.IsPositive).Distinct().Count() < 2)
            throw new CapvecException("all texts are on one side; a contrast needs positives and negatives.");
        var (layers, hidden) = (model.Model.Layers, model.Model.Hidden);
        var values = new float[(long)texts.Count * layers * hidden];
        var gate = new Lock();
        var finished = 0;
        await Parallel.ForEachAsync(
            Enumerable.Range(0, texts.Count),
            new ParallelOptions { MaxDegreeOfParallelism = engine.Options.MaxSequences, CancellationToken = cancellation },
            async (i, token) =>
            {
                var (ids, own) = Encode(model, texts[i], chat);
                var reduction = last ? CaptureReduction.Last : CaptureReduction.Mean;
                var result = await engine.ForwardAsync(new ForwardRequest { Tokens = ids, Capture = new CaptureRequest { Reduction = reduction, Tokens = own } }, token).ConfigureAwait(false);
                for (var layer = 0; layer < layers; layer++)
                    result.Capture!.Values[layer].CopyTo(values.AsSpan(((i * layers) + layer) * hidden));
                lock (gate)
                    done(++finished);
            }).ConfigureAwait(false);
        return new ActivationSet(values, texts.Select(text => new ActivationTrace(text.Id, text.Group, text.IsPositive)), Enumerable.Range(0, layers), hidden)
        {
            ModelHash = model.Model.Hash,
            Positions = $"{(last ? "last token" : "mean over the tokens")} of the text{(chat ? ", in the chat template" : "")}",
            Contrast = $"{texts.Count(text => text.IsPositive)} texts against {texts.Count(text => !text.IsPositive)} texts",
        };
    }

    /// <summary>[tokens] a text's ids with what comes before it, and which of them are its own.</summary>
    /// <exception cref="CapvecException">It has no token.</exception>
    internal static (int[] Ids, bool[] Own) Encode(TextModel model, ContrastText text, bool chat)
    {
        // The two parts are encoded apart, so that where the text begins never depends on how it begins.
        var (before, own) = (text.Prompt, chat) switch
        {
            ({ } prompt, true) => (Encode(model, model.Template.Render([new ChatMessage("user", prompt)], addGenerationPrompt: true)), Encode(model, text.Text)),
            ({ } prompt, false) => ([.. model.Tokenizer.Prefix, .. Encode(model, prompt)], Encode(model, text.Text)),
            (null, true) => ([], Encode(model, model.Template.Render([new ChatMessage("user", text.Text)], addGenerationPrompt: true))),
            (null, false) => ([.. model.Tokenizer.Prefix], Encode(model, text.Text)),
        };
        if (own.Length == 0)
            throw new CapvecException($"{text.Id}: the text has no token; remove it.");
        return ([.. before, .. own], [.. Enumerable.Repeat(false, before.Length), .. Enumerable.Repeat(true, own.Length)]);
    }

    private static int[] Encode(TextModel model, string text) => model.Tokenizer.Encode(text);
}
