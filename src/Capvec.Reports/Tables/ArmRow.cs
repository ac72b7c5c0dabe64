using CsvHelper.Configuration.Attributes;

namespace Capvec.Reports.Tables;

/// <summary>One arm of one stage in arms.csv; docs/report.md says what each column holds.</summary>
internal sealed record ArmRow
{
    [Name("stage")] public required string Stage { get; init; }

    [Name("arm")] public required string Arm { get; init; }

    [Name("kind")] public required string Kind { get; init; }

    [Name("layers")] public required string Layers { get; init; }

    [Name("strength")] public required double? Strength { get; init; }

    [Name("alpha")] public required double? Alpha { get; init; }

    [Name("trials")] public required int Trials { get; init; }

    [Name("passed")] public required int Passed { get; init; }

    [Name("nulls")] public required int Nulls { get; init; }

    [Name("rate")] public required double? Rate { get; init; }

    [Name("wilson_low")] public required double? WilsonLow { get; init; }

    [Name("wilson_high")] public required double? WilsonHigh { get; init; }

    [Name("paired_difference")] public required double? PairedDifference { get; init; }

    [Name("paired_low")] public required double? PairedLow { get; init; }

    [Name("paired_high")] public required double? PairedHigh { get; init; }

    [Name("paired_p")] public required double? PairedP { get; init; }

    [Name("tasks")] public required int? Tasks { get; init; }

    [Name("fisher_two_sided")] public required double? FisherTwoSided { get; init; }

    [Name("fisher_greater")] public required double? FisherGreater { get; init; }

    [Name("fisher_less")] public required double? FisherLess { get; init; }

    [Name("holm")] public required double? Holm { get; init; }

    [Name("parse_fail")] public required int ParseFail { get; init; }

    [Name("no_cmd")] public required int NoCmd { get; init; }

    [Name("early_done")] public required int EarlyDone { get; init; }

    [Name("length_cut")] public required int LengthCut { get; init; }

    [Name("refusal")] public required int Refusal { get; init; }

    [Name("loop")] public required int Loop { get; init; }

    [Name("timeout")] public required int Timeout { get; init; }
}
