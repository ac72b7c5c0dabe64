namespace Capvec.Agents.Traces;

/// <summary>How often each failure mark was met in a trial. Marks describe replies; they do not decide the reward.</summary>
public sealed record TrialMarks
{
    /// <summary>Replies that held no usable JSON object.</summary>
    public int ParseFail { get; init; }

    /// <summary>Usable replies without a command that did not mark the task complete either.</summary>
    public int NoCmd { get; init; }

    /// <summary>Replies that mark the task complete although no command has run, nor is in the reply itself.</summary>
    public int EarlyDone { get; init; }

    /// <summary>Replies cut off by the token limit.</summary>
    public int LengthCut { get; init; }

    /// <summary>Replies that refuse the task.</summary>
    public int Refusal { get; init; }

    /// <summary>Replies that repeat the trial's previous reply word for word, other than to confirm that the task is complete.</summary>
    public int Loop { get; init; }

    /// <summary>Commands ended by their time limit, and 1 more if the trial itself ran out of time.</summary>
    public int Timeout { get; init; }
}
