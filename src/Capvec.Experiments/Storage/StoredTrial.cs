namespace Capvec.Experiments.Storage;

/// <summary>A trial's columns as SQLite holds them.</summary>
internal sealed class StoredTrial
{
    public string Stage { get; set; } = "";

    public string Arm { get; set; } = "";

    public string Task { get; set; } = "";

    public long Attempt { get; set; }

    /// <summary>The 64 bits of the seed; SQLite has signed numbers only.</summary>
    public long Seed { get; set; }

    public double? Reward { get; set; }

    public string? Failure { get; set; }

    public long Turns { get; set; }

    public long Tokens { get; set; }

    public string Marks { get; set; } = "{}";

    public string TracePath { get; set; } = "";

    public string TokensHash { get; set; } = "";

    /// <summary>Round-trip format, with the offset.</summary>
    public string Started { get; set; } = "";

    public double Seconds { get; set; }

    /// <summary>Hash of all that the trial depended on.</summary>
    public string Inputs { get; set; } = "";
}
