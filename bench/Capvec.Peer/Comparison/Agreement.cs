using System.Numerics.Tensors;
using Capvec.Engine.Requests;
using Capvec.Engine.Scheduling;
using Capvec.Formats.Gguf;

namespace Capvec.Peer.Comparison;

/// <summary>Whether two programs compute the same model: greedy tokens side by side, and logits over the tokens that llama.cpp chose.</summary>
/// <param name="Ours">[tokens] chosen by us.</param>
/// <param name="Theirs">[tokens] chosen by llama.cpp, with the likeliest candidates.</param>
/// <param name="Places">[tokens] how the logits compare at each place of llama.cpp's tokens.</param>
/// <param name="Tolerance">Most that logits may differ, root mean square over the likeliest candidates, in standard deviations of all logits.</param>
internal sealed record Agreement(int[] Ours, GreedyStep[] Theirs, AgreementPlace[] Places, double Tolerance)
{
    // Seen with random models, which amplify: bf16 0.04, since llama.cpp rounds activations to bf16 there; quantised weights 0.1 to 0.3, since it quantises activations to
    // 8 bits.
    private const double ExactWeights = 0.1;
    private const double QuantisedWeights = 0.5;

    /// <summary>The first place where the tokens differ, or -1.</summary>
    public int FirstDifference
    {
        get
        {
            for (var i = 0; i < Ours.Length; i++)
            {
                if (Ours[i] != Theirs[i].Token)
                    return i;
            }

            return -1;
        }
    }

    /// <summary>The largest difference of logits at a place, as in <see cref="Tolerance"/>.</summary>
    public double Worst => Places.Max(place => place.Difference);

    /// <summary>The largest difference of one candidate's logit.</summary>
    public double Largest => Places.Max(place => place.Largest);

    /// <summary>Places, over the tokens that llama.cpp chose, where our likeliest token is its choice.</summary>
    public int SameChoices => Places.Count(place => place.IsSame);

    /// <summary>Whether the logits agree within the tolerance everywhere, and every other choice is a near tie: a gap that the difference of the logits explains.</summary>
    public bool Holds => Worst <= Tolerance && (FirstDifference < 0 || IsNearTie(FirstDifference)) && Enumerable.Range(0, Places.Length).All(i => Places[i].IsSame || IsNearTie(i));

    /// <summary>The tolerance for a GGUF file: wider where weights are quantised.</summary>
    public static double ToleranceFor(string path)
    {
        using var file = GgufFile.Open(path);
        return file.Tensors.Values.All(tensor => tensor.Type is GgufType.F32 or GgufType.F16 or GgufType.BF16) ? ExactWeights : QuantisedWeights;
    }

    /// <summary>Continues one prompt on both sides.</summary>
    /// <param name="engine">Our engine.</param>
    /// <param name="theirs">llama.cpp.</param>
    /// <param name="request">The same work for both: prompt, tokens, and one strength at a layer where they are steered.</param>
    /// <param name="ours">The request for our engine.</param>
    /// <param name="tolerance">As in <see cref="Tolerance"/>.</param>
    public static async Task<Agreement> OfAsync(InferenceEngine engine, PeerProcess theirs, PeerRequest request, GenerationRequest ours, double tolerance)
    {
        var steps = theirs.Run(request).Steps!;
        var reply = await engine.GenerateAsync(ours);
        int[] all = [.. ours.Prompt, .. steps.SkipLast(1).Select(step => step.Token)];
        var forward = await engine.ForwardAsync(new ForwardRequest { Tokens = all, Steering = ours.Steering, Adapter = ours.Adapter, Logits = LogitRows.All });
        var vocabulary = engine.Model.Vocabulary;
        var places = steps.Select((step, i) =>
        {
            var logits = forward.Logits.AsSpan((ours.Prompt.Count - 1 + i) * vocabulary, vocabulary);
            var deviation = TensorPrimitives.StdDev<float>(logits);
            var differences = new double[step.Ids.Length];
            for (var c = 0; c < differences.Length; c++)
                differences[c] = Math.Abs(logits[step.Ids[c]] - step.Logits[c]);
            return new AgreementPlace(Math.Sqrt(differences.Average(d => d * d)) / deviation, differences.Max(), logits[step.Ids[0]] - logits[step.Ids[1]], TensorPrimitives.IndexOfMax(logits) == step.Token);
        }).ToArray();
        return new Agreement(reply.Tokens, steps, places, tolerance);
    }

    private bool IsNearTie(int place) => Theirs[place].Gap <= 2 * Places[place].Largest;
}
