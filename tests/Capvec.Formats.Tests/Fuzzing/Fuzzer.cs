using System.Text.RegularExpressions;
using Capvec.Formats.Errors;
using Capvec.Formats.Tests.Files;

namespace Capvec.Formats.Tests.Fuzzing;

/// <summary>
/// Feeds changed files to a reader. What must hold for each: it is read, or refused by a <see cref="CapvecException"/> of one line without control
/// characters that names the file; opening allocates no more than ten times the file and a constant; nothing beyond the end is read; nothing hangs.
/// Input number i depends on the seed and i alone, and the first one that fails is kept in the temporary folder.
/// </summary>
internal sealed partial class Fuzzer(FuzzTarget target, int count, int seed) : IDisposable
{
    /// <summary>Buffers and tables whose size does not depend on the file.</summary>
    private const long FixedBytes = 2 << 20;

    /// <summary>Longer than any input may take, on a machine that is busy with other things.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private readonly TemporaryFolder _folder = new();
    private readonly HashSet<string> _reasons = [];
    private volatile int _number;
    private byte[] _input = [];
    private string? _failure;

    /// <summary>How many inputs were read.</summary>
    public int Reads { get; private set; }

    /// <summary>The different reasons for refusals, without names and numbers.</summary>
    public IReadOnlyCollection<string> Reasons => _reasons;

    /// <summary>Runs all inputs; fails the test at the first that breaks a rule.</summary>
    public void Run()
    {
        var worker = new Thread(RunInputs) { IsBackground = true, Name = "fuzzer" };
        worker.Start();
        for (var last = -1; !worker.Join(Patience); last = _number)
        {
            if (_number == last)
                Fail($"takes longer than {Patience.TotalSeconds:F0} s");
        }

        if (_failure is not null)
            Fail(_failure);
    }

    public void Dispose() => _folder.Dispose();

    private void RunInputs()
    {
        var path = _folder.File(target.FileName);
        for (_number = 0; _number < count && _failure is null; _number++)
        {
            var (file, header) = target.Seeds[_number % target.Seeds.Count];
            _input = new Mutator(HashCode(seed, _number), target.TokenBytes).Change(file, header);
            File.WriteAllBytes(path, _input);
            _failure = Try(path);
        }
    }

    private string? Try(string path)
    {
        var before = GC.GetAllocatedBytesForCurrentThread();
        object? opened = null;
        try
        {
            try
            {
                opened = target.Open(path);
            }
            finally
            {
                var taken = GC.GetAllocatedBytesForCurrentThread() - before;
                if (taken > (10L * _input.Length) + FixedBytes)
                    throw new InvalidOperationException($"{taken} bytes allocated for a file of {_input.Length}");
            }

            target.Read(opened);
            Reads++;
            return null;
        }
        catch (CapvecException e)
        {
            _reasons.Add(Names().Replace(e.Message.Replace(_folder.Path, "", StringComparison.Ordinal), "_"));
            return !e.Message.Contains(_folder.Path, StringComparison.Ordinal) ? $"is refused without its name: {e.Message}"
                : e.Message.Any(char.IsControl) ? $"is refused with control characters: {e.Message}"
                : e.Message.Contains("became shorter", StringComparison.Ordinal) ? $"is read beyond its end: {e.Message}"
                : null;
        }
        catch (Exception e)
        {
            return $"throws {e}";
        }
        finally
        {
            (opened as IDisposable)?.Dispose();
        }
    }

    private void Fail(string what)
    {
        var kept = Path.Combine(Path.GetTempPath(), $"capvec-fuzz-{target.Name.Replace(' ', '-')}-{seed}-{_number}.bin");
        File.WriteAllBytes(kept, _input);
        Assert.Fail($"{target.Name}: input {_number} of seed {seed} (kept as {kept}) {what}");
    }

    private static int HashCode(int seed, int number) => unchecked((seed * 1_000_003) ^ (number * 7919));

    [GeneratedRegex(@"'.*'|\[.*\]|\(.*\)|\d+", RegexOptions.Singleline)]
    private static partial Regex Names();
}
