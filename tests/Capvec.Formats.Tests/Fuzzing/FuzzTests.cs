using System.Globalization;

namespace Capvec.Formats.Tests.Fuzzing;

/// <summary>
/// All readers under changed files. <c>CAPVEC_FUZZ=50</c> makes it fifty times as many inputs, <c>CAPVEC_FUZZ_SEED</c> other ones.
/// </summary>
public sealed class FuzzTests
{
    private const int InputsEach = 20_000;

    public static TheoryData<string> Names => [.. FuzzTargets.All.Select(t => t.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public void Any_file_is_read_or_refused_in_one_line_and_within_bounds(string name)
    {
        var target = FuzzTargets.All.Single(t => t.Name == name);
        var count = InputsEach * Setting("CAPVEC_FUZZ", 1);
        using var fuzzer = new Fuzzer(target, count, Setting("CAPVEC_FUZZ_SEED", 1));
        fuzzer.Run();

        // The changes must be neither too wild nor too tame for the test to mean something.
        fuzzer.Reads.ShouldBeGreaterThan(count * target.ReadsPerThousand / 1000);
        fuzzer.Reads.ShouldBeLessThan(count * 9 / 10);
        fuzzer.Reasons.Count.ShouldBeGreaterThanOrEqualTo(target.Reasons, string.Join('\n', fuzzer.Reasons));
        File.Exists("PWNED").ShouldBeFalse();
    }

    private static int Setting(string name, int otherwise) =>
        Environment.GetEnvironmentVariable(name) is { Length: > 0 } text ? int.Parse(text, CultureInfo.InvariantCulture) : otherwise;
}
