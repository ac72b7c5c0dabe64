using System.Collections.Immutable;
using Capvec.Engine.Interventions;
using Capvec.Engine.Loading;

namespace Capvec.Engine.Requests;

/// <summary>One teacher-forced pass over given tokens.</summary>
public sealed record ForwardRequest
{
    /// <summary>[tokens] ids, at least one.</summary>
    public required IReadOnlyList<int> Tokens { get; init; }

    /// <summary>[tokens] true where the model wrote the token itself (see <see cref="SteeringMask"/>); null means none.</summary>
    public IReadOnlyList<bool>? Own { get; init; }

    /// <summary>The adapter applied, or null for the plain model.</summary>
    public LoraAdapter? Adapter { get; init; }

    /// <summary>The steering applied; its gates are decided on the tokens before the last unbroken run of own tokens that reaches the end (on all of them where there is none), as they were when that reply was written.</summary>
    public SteeringPlan Steering { get; init; } = SteeringPlan.None;

    /// <summary>Which logits to return.</summary>
    public LogitRows Logits { get; init; } = LogitRows.None;

    /// <summary>Whether to return the log-probability of each next token.</summary>
    public bool NextLogProbs { get; init; }

    /// <summary>Which tokens to score without keeping logits, or null for none.</summary>
    public ScoreRequest? Score { get; init; }

    /// <summary>
    /// 0-based blocks at whose output later requests over the same tokens are steered first: the unsteered stream there is kept for the whole sequence (within
    /// the engine's cache), so that they compute the blocks above only. For arms that come after their plain pass; arms that come with it are seen by themselves.
    /// Blocks that this request's own steering has touched are passed over.
    /// </summary>
    public ImmutableArray<int> KeepTrunks { get; init; } = [];

    /// <summary>Which residual rows to return, or null for none.</summary>
    public CaptureRequest? Capture { get; init; }
}
