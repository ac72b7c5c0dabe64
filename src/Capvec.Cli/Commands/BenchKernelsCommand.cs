using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using System.Text.Json.Nodes;
using Capvec.Cli.Hosting;
using Capvec.Cli.Options;
using Capvec.Cli.Output;
using Capvec.Formats.Errors;
using Capvec.Numerics.Benchmarks;
using Capvec.Numerics.Kernels;

namespace Capvec.Cli.Commands;

/// <summary>capvec bench kernels: matrix products of some shapes, formats and numbers of tokens.</summary>
internal sealed class BenchKernelsCommand : CapvecCommand
{
    private readonly Option<string[]> _shapes = new("--shapes")
    {
        Description = "Matrices as ROWSxCOLUMNS.", HelpName = "RxC", AllowMultipleArgumentsPerToken = true, DefaultValueFactory = _ => ["3584x1024", "1024x3584", "9216x2560", "2560x9216"],
    };

    private readonly Option<WeightFormat[]> _formats = new("--formats")
    {
        Description = "How weights are kept.", HelpName = "FORMAT", AllowMultipleArgumentsPerToken = true, DefaultValueFactory = _ => Enum.GetValues<WeightFormat>(),
        CustomParser = Formats,
    };

    private readonly Option<int[]> _tokens = new("--tokens")
    {
        Description = "Activation rows at once.", HelpName = "N", AllowMultipleArgumentsPerToken = true, DefaultValueFactory = _ => [1, 2, 4, 8, 16, 64, 512],
    };

    private readonly ActivationFlags _activations = new();
    private readonly Option<int> _threads = NumberOptions.Number("--threads", "Threads that compute.", Environment.ProcessorCount, 1, 1024);

    /// <summary>Makes the command.</summary>
    public BenchKernelsCommand(Option<bool> json)
        : base(
            "kernels", "Times matrix products whose weights come from memory, and compares them with the machine's measured roof.",
            "capvec bench kernels --shapes 2560x9216 --tokens 1 16 512", json)
    {
        foreach (var option in new Option[] { _shapes, _formats, _tokens, _threads })
            Options.Add(option);
        _activations.AddTo(this);
    }

    private static WeightFormat[] Formats(ArgumentResult result)
    {
        var names = Enum.GetNames<WeightFormat>();
        if (result.Tokens.FirstOrDefault(token => !names.Contains(token.Value, StringComparer.OrdinalIgnoreCase)) is { } wrong)
        {
            result.AddError($"--formats {wrong.Value}: one of {string.Join(", ", names)} was expected");
            return [];
        }

        return [.. result.Tokens.Select(token => Enum.Parse<WeightFormat>(token.Value, ignoreCase: true))];
    }

    /// <inheritdoc/>
    protected override Task<JsonObject?> RunAsync(ParseResult arguments, CommandOutput output, CancellationToken cancellation)
    {
        var shapes = arguments.GetValue(_shapes)!.Select(Shape).ToArray();
        var (tokens, formats) = (arguments.GetValue(_tokens)!, arguments.GetValue(_formats)!);
        if (tokens.Any(n => n is < 1 or > 65536))
            throw new CapvecException("--tokens: numbers from 1 to 65536 were expected.", exitCode: CapvecException.WrongUsage);
        foreach (var format in formats)
        {
            if (shapes.FirstOrDefault(shape => shape.Columns % format.ColumnMultiple() != 0) is { Columns: > 0 } wrong)
                throw new CapvecException($"--shapes {wrong.Rows}x{wrong.Columns}: {format} needs a multiple of {format.ColumnMultiple()} columns; choose such a shape or other --formats.", exitCode: CapvecException.WrongUsage);
        }

        var roof = RoofText.Measure(arguments.GetValue(_threads), output);
        var rows = new JsonArray();
        string[] heading = ["rows x columns", "format", "tokens", "ms", "GB/s", "G MAC/s", "of roof"];
        foreach (var (height, width) in shapes)
        {
            var lines = new List<string[]> { heading };
            foreach (var format in formats)
            {
                foreach (var rate in KernelBenchmark.Measure(height, width, format, tokens, roof.Threads, KernelPaths.Default, _activations.Value(arguments)))
                {
                    cancellation.ThrowIfCancellationRequested();
                    lines.Add([
                        $"{height} x {width}", $"{format}", $"{rate.Tokens,6}", $"{rate.Seconds * 1000,9:F3}", $"{rate.BytesPerSecond / 1e9,6:F1}", $"{rate.MacsPerSecond / 1e9,7:F1}", $"{rate.ShareOf(roof),6:P0}",
                    ]);
                    rows.Add(new JsonObject
                    {
                        ["rows"] = height,
                        ["columns"] = width,
                        ["format"] = $"{format}",
                        ["tokens"] = rate.Tokens,
                        ["seconds"] = rate.Seconds,
                        ["bytes_per_second"] = rate.BytesPerSecond,
                        ["macs_per_second"] = rate.MacsPerSecond,
                        ["of_roof"] = rate.ShareOf(roof),
                    });
                }
            }

            output.Line();
            output.Table(lines, heading: true);
        }

        return Task.FromResult<JsonObject?>(new JsonObject { ["roof"] = RoofText.Json(roof), ["kernels"] = $"{KernelPaths.Default}", ["activations"] = $"{_activations.Value(arguments)}", ["rates"] = rows });
    }

    private static (int Rows, int Columns) Shape(string text)
    {
        var sizes = text.Split('x');
        if (sizes.Length != 2 || !Size(sizes[0], out var rows) || !Size(sizes[1], out var columns))
            throw new CapvecException($"--shapes {text}: ROWSxCOLUMNS was expected, each from 1 to 1000000, for example 2560x9216.", exitCode: CapvecException.WrongUsage);
        return (rows, columns);

        static bool Size(string word, out int size) => int.TryParse(word, NumberStyles.None, CultureInfo.InvariantCulture, out size) && size is >= 1 and <= 1_000_000;
    }
}
