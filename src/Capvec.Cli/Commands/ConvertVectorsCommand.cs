using System.CommandLine;
using System.Text.Json.Nodes;
using Capvec.Cli.Hosting;
using Capvec.Cli.Options;
using Capvec.Cli.Output;
using Capvec.Formats.Errors;
using Capvec.Steering.Directions;
using Capvec.Steering.Exchange;

namespace Capvec.Cli.Commands;

/// <summary>capvec vectors convert: directions of any known form to one that another tool reads.</summary>
internal sealed class ConvertVectorsCommand : CapvecCommand
{
    private readonly Argument<string> _in = new("IN") { Description = $"Directions: {VectorOptions.Files}." };
    private readonly Argument<string> _out = new("OUT") { Description = "The file to write; .safetensors, .pt and .gguf say the form." };
    private readonly Option<string?> _layersAre = VectorOptions.LayersAre();
    private readonly Option<string?> _layers = new("--layers") { Description = "Write these 0-based blocks only: 3, or 4-10, or 3,11.", HelpName = "LAYERS" };
    private readonly Option<string?> _form = new("--form") { Description = "safetensors (loses nothing), dict or stacked (torch), gguf (llama.cpp's control vector), glp (the same with GLP's keys); by OUT's ending where left out.", HelpName = "FORM" };
    private readonly Option<string> _lengths = new("--lengths") { Description = "own (as in the file they came from), unit, or margin: how long the vectors are in forms without a place for it.", DefaultValueFactory = _ => "own", HelpName = "LENGTHS" };
    private readonly Option<string?> _use = new("--use") { Description = "add or ablate: writes down what the directions are for. Those for ablation are refused where they would be added.", HelpName = "USE" };
    private readonly Option<string> _hint = new("--model-hint") { Description = "What a GGUF file says the model is; programs show or ignore it.", DefaultValueFactory = _ => "unknown", HelpName = "NAME" };

    /// <summary>Makes the command.</summary>
    public ConvertVectorsCommand(Option<bool> json)
        : base(
            "convert", "Reads directions of any known tool and writes them in another form, layers counted as each of them counts.",
            "capvec vectors convert tests/fixtures/gguf/cvec/repeng.gguf dir.safetensors", json)
    {
        _form.AcceptOnlyFromAmong([.. DirectionWriter.Forms.Keys]);
        _lengths.AcceptOnlyFromAmong("own", "unit", "margin");
        _use.AcceptOnlyFromAmong("add", "ablate");
        Arguments.Add(_in);
        Arguments.Add(_out);
        foreach (var option in new Option[] { _layersAre, _layers, _form, _lengths, _use, _hint })
            Options.Add(option);
    }

    /// <inheritdoc/>
    protected override Task<JsonObject?> RunAsync(ParseResult arguments, CommandOutput output, CancellationToken cancellation)
    {
        var (from, to) = (arguments.GetRequiredValue(_in), arguments.GetRequiredValue(_out));
        var form = arguments.GetValue(_form) is { } word
            ? DirectionWriter.Forms[word]
            : DirectionWriter.FormOf(to) ?? throw new CapvecException($"{to}: its ending says no form; end it in .safetensors, .pt or .gguf, or give --form.", exitCode: CapvecException.WrongUsage);
        var (set, format) = VectorOptions.Read(from, arguments.GetValue(_layersAre));
        if (arguments.GetValue(_layers) is { } layers)
            set = new DirectionSet(LayerList.Parse(layers, "--layers", set.Layers[^1] + 1).Select(set.At), set.Provenance, set.Notes);
        if (arguments.GetValue(_use) is { } use)
            set = new DirectionSet(set.Directions, set.Provenance with { IsForAblation = use == "ablate" }, set.Notes);
        var lengths = arguments.GetValue(_lengths) switch { "unit" => VectorLengths.Unit, "margin" => VectorLengths.Margin, _ => VectorLengths.Own };
        var left = DirectionWriter.Write(set, to, form, lengths, arguments.GetRequiredValue(_hint));
        foreach (var note in left)
            CommandOutput.Remark(note);
        output.Line($"{to}: {set.Directions.Length} directions of {set.Hidden} numbers, read as {format}, written as {DirectionWriter.Forms.First(f => f.Value == form).Key}");
        return Task.FromResult<JsonObject?>(new JsonObject
        {
            ["out"] = Path.GetFullPath(to),
            ["read_as"] = format,
            ["written_as"] = DirectionWriter.Forms.First(f => f.Value == form).Key,
            ["layers"] = new JsonArray([.. set.Layers.Select(layer => JsonValue.Create(layer))]),
            ["directions_hash"] = set.Hash,
            ["notes"] = new JsonArray([.. set.Notes.Concat(left).Select(note => JsonValue.Create(note))]),
        });
    }
}
