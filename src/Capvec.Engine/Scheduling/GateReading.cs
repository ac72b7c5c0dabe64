using System.Collections.Immutable;
using Capvec.Engine.Interventions;
using Capvec.Engine.Loading;
using Capvec.Engine.Requests;
using Capvec.Formats.Errors;

namespace Capvec.Engine.Scheduling;

/// <summary>Reads what gates ask for from one pass over a prompt without steering.</summary>
internal sealed class GateReading
{
    private readonly IReadOnlyList<SteeringGate> _gates;
    private readonly ImmutableArray<int> _layers;

    /// <exception cref="CapvecException">A gate's layer or direction does not fit the model.</exception>
    public GateReading(IReadOnlyList<SteeringGate> gates, int layers, int hidden)
    {
        foreach (var gate in gates)
        {
            if (gate.Layer >= layers)
                throw new CapvecException($"the gate's layer {gate.Layer} does not exist: the model has blocks 0 to {layers - 1}.");
            if (gate.Direction.Length != hidden)
                throw new CapvecException($"the gate's direction at layer {gate.Layer} has {gate.Direction.Length} numbers, but the model's residual stream is {hidden} wide; it was made for another model.");
        }

        _gates = gates;
        _layers = [.. gates.Select(g => g.Layer).Distinct().Order()];
    }

    /// <summary>The tokens before the reply that a sequence ends with: before its last unbroken run of own tokens; all of them where it ends otherwise.</summary>
    /// <exception cref="CapvecException">The model wrote all of them.</exception>
    public static IReadOnlyList<int> PromptOf(ForwardRequest request)
    {
        var length = request.Tokens.Count;
        while (length > 0 && request.Own?[length - 1] == true)
            length--;
        return length > 0
            ? [.. request.Tokens.Take(length)]
            : throw new CapvecException("the steering has a gate, which is decided on the prompt, but the model wrote every token of this sequence; give the prompt's tokens too.");
    }

    /// <summary>
    /// The pass. Where every gate reads the last position, only that is captured, and all before it may come from what the engine has kept; else the rows of
    /// every position are.
    /// </summary>
    public ForwardRequest Request(IReadOnlyList<int> prompt, LoraAdapter? adapter)
    {
        var last = _gates.All(g => g.Over == GateReduction.Last);
        var positions = new bool[prompt.Count];
        positions.AsSpan(last ? Math.Max(0, prompt.Count - 1) : 0).Fill(true);
        return new ForwardRequest
        {
            Tokens = prompt,
            Adapter = adapter,
            Capture = new CaptureRequest { Layers = _layers, Reduction = CaptureReduction.All, Tokens = positions },
        };
    }

    /// <summary>A decision for each gate, in their order.</summary>
    /// <exception cref="CapvecException">The model's residual stream is not finite.</exception>
    public ImmutableArray<GateDecision> Decide(CaptureResult capture) => [.. _gates.Select(gate => gate.Value(capture.Values[_layers.IndexOf(gate.Layer)]) is var value && double.IsFinite(value)
        ? new GateDecision(gate, value)
        : throw new CapvecException($"the gate \"{gate}\" measured {value}; the model's numbers are not finite on this prompt, so nothing can be decided."))];
}
