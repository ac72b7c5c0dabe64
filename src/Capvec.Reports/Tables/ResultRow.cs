using CsvHelper.Configuration.Attributes;

namespace Capvec.Reports.Tables;

/// <summary>One trial in results.csv; docs/report.md says what each column holds.</summary>
internal sealed record ResultRow
{
    [Name("stage")] public required string Stage { get; init; }

    [Name("arm")] public required string Arm { get; init; }

    [Name("kind")] public required string Kind { get; init; }

    [Name("layers")] public required string Layers { get; init; }

    [Name("strength")] public required double? Strength { get; init; }

    [Name("alpha")] public required double? Alpha { get; init; }

    [Name("task")] public required string Task { get; init; }

    [Name("attempt")] public required int Attempt { get; init; }

    [Name("seed")] public required ulong Seed { get; init; }

    [Name("reward")] public required double? Reward { get; init; }

    [Name("failure")] public required string? Failure { get; init; }

    [Name("turns")] public required int Turns { get; init; }

    [Name("tokens")] public required int Tokens { get; init; }

    [Name("parse_fail")] public required int ParseFail { get; init; }

    [Name("no_cmd")] public required int NoCmd { get; init; }

    [Name("early_done")] public required int EarlyDone { get; init; }

    [Name("length_cut")] public required int LengthCut { get; init; }

    [Name("refusal")] public required int Refusal { get; init; }

    [Name("loop")] public required int Loop { get; init; }

    [Name("timeout")] public required int Timeout { get; init; }

    [Name("started")] public required string Started { get; init; }

    [Name("seconds")] public required double Seconds { get; init; }

    [Name("trace")] public required string Trace { get; init; }
}
