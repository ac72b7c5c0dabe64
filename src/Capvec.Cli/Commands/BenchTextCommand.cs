using System.CommandLine;
using System.Diagnostics;
using System.Text;
using System.Text.Json.Nodes;
using Capvec.Cli.Hosting;
using Capvec.Cli.Options;
using Capvec.Cli.Output;
using Capvec.Formats.Errors;
using Capvec.Text.Tokenizers;

namespace Capvec.Cli.Commands;

/// <summary>capvec bench text: how fast a tokenizer is on one core.</summary>
internal sealed class BenchTextCommand : CapvecCommand
{
    private const int Rounds = 5;

    private readonly Option<string> _model = PathOptions.Model();
    private readonly Option<string> _file = PathOptions.ExistingFile("--file", "A text file in UTF-8; several megabytes tell most.", required: true);

    /// <summary>Makes the command.</summary>
    public BenchTextCommand(Option<bool> json)
        : base("text", "Measures how fast a model's tokenizer turns a file into ids and back, on one core.", "capvec bench text --model models/phantom/checkpoint --file README.md", json)
    {
        Options.Add(_model);
        Options.Add(_file);
    }

    /// <inheritdoc/>
    protected override async Task<JsonObject?> RunAsync(ParseResult arguments, CommandOutput output, CancellationToken cancellation)
    {
        var path = arguments.GetRequiredValue(_file);
        var text = TextFile.Read("--file", path);
        if (text.Length == 0)
            throw new CapvecException($"--file {path} is empty; give a text, several megabytes of it tell most.", exitCode: CapvecException.WrongUsage);
        var megabytes = Encoding.UTF8.GetByteCount(text) / 1e6;
        var clock = Stopwatch.StartNew();
        var tokenizer = Tokenizer.Load(arguments.GetRequiredValue(_model));
        var load = clock.Elapsed.TotalSeconds;

        // The first time every word is new, and the code is not optimised yet; after the rounds only the words are, to a tokenizer that was loaded again.
        int[] ids = [];
        var first = Rate(() => ids = tokenizer.Encode(text));
        var encode = Enumerable.Range(0, Rounds).Max(_ => Rate(() => tokenizer.Encode(text)));
        var decode = Enumerable.Range(0, Rounds).Max(_ => Rate(() => tokenizer.Decode(ids)));
        var unmet = Tokenizer.Load(arguments.GetRequiredValue(_model));
        var cold = Rate(() => unmet.Encode(text));
        output.Line($"{path}: {megabytes:F2} MB, {ids.Length:N0} tokens; tokenizer loaded in {load:F2} s");
        output.Line($"MB for each second of processor time: encode {encode:F1} (words not met before {cold:F1}, first time at all {first:F1}), decode {decode:F1}");
        return new JsonObject
        {
            ["megabytes"] = megabytes,
            ["tokens"] = ids.Length,
            ["load_seconds"] = load,
            ["encode_mb_s"] = encode,
            ["encode_cold_mb_s"] = cold,
            ["encode_first_mb_s"] = first,
            ["decode_mb_s"] = decode,
        };

        // Processor time, all threads together, since other programs may have a share of the core.
        double Rate(Action work)
        {
            cancellation.ThrowIfCancellationRequested();
            var before = Environment.CpuUsage.TotalTime;
            work();
            return megabytes / (Environment.CpuUsage.TotalTime - before).TotalSeconds;
        }
    }
}
