namespace Capvec.Engine.Interventions;

/// <summary>
/// The positions an intervention acts on: those whose role is wanted and that lie in <c>[From, To)</c> (absolute, 0-based).
/// A position is <em>generated</em> when the model itself wrote its token (in this turn or an earlier one), else it is <em>prompt</em>.
/// </summary>
/// <param name="Prompt">Acts on prompt positions.</param>
/// <param name="Generated">Acts on positions of the model's own tokens. The first generated token of a turn is chosen from the last prompt position.</param>
/// <param name="From">First position acted on.</param>
/// <param name="To">First position no longer acted on.</param>
public readonly record struct SteeringMask(bool Prompt = true, bool Generated = true, int From = 0, int To = int.MaxValue)
{
    /// <summary>Every position.</summary>
    public static SteeringMask All => new(true, true, 0, int.MaxValue);

    /// <summary>Only positions of the prompt.</summary>
    public static SteeringMask PromptOnly => new(true, false, 0, int.MaxValue);

    /// <summary>Only positions of the model's own tokens.</summary>
    public static SteeringMask GeneratedOnly => new(false, true, 0, int.MaxValue);

    /// <summary>Whether the mask holds at a position.</summary>
    public bool Holds(int position, bool own) => position >= From && position < To && (own ? Generated : Prompt);
}
