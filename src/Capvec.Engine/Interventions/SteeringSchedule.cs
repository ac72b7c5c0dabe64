using Capvec.Formats.Errors;

namespace Capvec.Engine.Interventions;

/// <summary>
/// At which tokens of a reply an intervention acts, and with what share of its strength. Tokens are counted from 0 within each unbroken run of the
/// model's own tokens, so every turn begins anew. Positions of the prompt are left to <see cref="SteeringMask"/> and get the whole strength.
/// </summary>
public sealed record SteeringSchedule
{
    private readonly int _from;
    private readonly int _to = int.MaxValue;
    private readonly int _every = 1;
    private readonly double _halfLife = double.PositiveInfinity;

    /// <summary>Every token, at the whole strength.</summary>
    public static SteeringSchedule Always { get; } = new();

    /// <summary>First token of a reply acted on.</summary>
    public int From
    {
        get => _from;
        init => _from = value >= 0 ? value : throw new CapvecException($"the schedule begins at token {value}; tokens of a reply are counted from 0.");
    }

    /// <summary>First token of a reply no longer acted on.</summary>
    public int To
    {
        get => _to;
        init => _to = value > 0 ? value : throw new CapvecException($"the schedule ends before token {value}; expected at least 1.");
    }

    /// <summary>Acts on <see cref="From"/> and each so many tokens later.</summary>
    public int Every
    {
        get => _every;
        init => _every = value > 0 ? value : throw new CapvecException($"the schedule acts every {value} tokens; expected at least 1.");
    }

    /// <summary>Tokens after which half of the strength is left, counted from <see cref="From"/>; infinite for no decay.</summary>
    public double HalfLife
    {
        get => _halfLife;
        init => _halfLife = value > 0 ? value : throw new CapvecException($"the schedule's half-life is {value} tokens; expected a number above 0.");
    }

    /// <summary>Whether strength fades.</summary>
    public bool Decays => !double.IsPositiveInfinity(_halfLife);

    /// <summary>Whether it acts on a token of a reply; -1 stands for a position of the prompt.</summary>
    public bool Holds(int reply) => reply < 0 || (reply >= _from && reply < _to && (reply - _from) % _every == 0);

    /// <summary>The share of the strength at a token on which it acts: <c>2^-((t - From) / HalfLife)</c>.</summary>
    public double Share(int reply) => reply < 0 || !Decays ? 1 : Math.Pow(2, -(reply - _from) / _halfLife);
}
