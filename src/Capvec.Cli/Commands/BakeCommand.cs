using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using Capvec.Cli.Hosting;
using Capvec.Cli.Options;
using Capvec.Cli.Output;
using Capvec.Cli.Progress;
using Capvec.Engine.Baking;
using Capvec.Engine.Conversion;
using Capvec.Engine.Interventions;
using Capvec.Steering.Baking;

namespace Capvec.Cli.Commands;

/// <summary>capvec bake: the ablation of directions written into a new checkpoint.</summary>
internal sealed class BakeCommand : CapvecCommand
{
    private readonly Option<string> _model = PathOptions.Folder("--model", "Model folder in the Hugging Face layout.", required: true);
    private readonly Option<string> _vectors = new("--vectors", "--vector") { Description = $"Directions: {VectorOptions.Files}.", Required = true, HelpName = "FILE" };
    private readonly Option<string?> _layersAre = VectorOptions.LayersAre();
    private readonly Option<string> _layers = new("--layers", "--layer") { Description = "0-based blocks whose directions are used: 3, or 4-10, or 3,11.", Required = true, HelpName = "LAYERS" };
    private readonly Option<string> _operation = new("--operation") { Description = "ablate; add is refused where an architecture has no bias that could carry it, and says so.", DefaultValueFactory = _ => "ablate" };
    private readonly Option<bool> _eachOwn = new("--each-own") { Description = "Take each block's own direction out of that block alone. Without it, the span of all of them is taken out of the embedding and of every block." };
    private readonly Option<bool> _keepTied = new("--keep-tied") { Description = "Leave a tied output matrix tied to the edited embedding; without it, it becomes a matrix of its own and logits are those of ablation at run time." };
    private readonly Option<string> _format = new("--format") { Description = $"How a GGUF file keeps matrices: {string.Join(", ", GgufConverter.Formats)}.", DefaultValueFactory = _ => BakeOptions.UsualGgufFormat, HelpName = "FORMAT" };
    private readonly Option<string> _out = new("--out", "-o") { Description = "A new folder, or a file that ends in .gguf. A card is written into the folder, or beside the file.", Required = true, HelpName = "FOLDER|FILE" };

    /// <summary>Makes the command.</summary>
    public BakeCommand(Option<bool> json)
        : base(
            "bake", "Writes a checkpoint whose weights never put anything along directions into the residual stream: their ablation, without steering.",
            "capvec bake --model models/phantom/checkpoint --vectors runs/demo/vectors --layers 6 --out models/ablated", json)
    {
        _model.Aliases.Add("-m");
        _operation.AcceptOnlyFromAmong("ablate", "add");
        _format.AcceptOnlyFromAmong([.. GgufConverter.Formats]);
        foreach (var option in new Option[] { _model, _vectors, _layersAre, _layers, _operation, _eachOwn, _keepTied, _format, _out })
            Options.Add(option);
    }

    /// <inheritdoc/>
    protected override async Task<JsonObject?> RunAsync(ParseResult arguments, CommandOutput output, CancellationToken cancellation)
    {
        var (source, target) = (arguments.GetRequiredValue(_vectors), arguments.GetRequiredValue(_out));
        var (set, _) = VectorOptions.Read(source, arguments.GetValue(_layersAre));
        using var model = await ModelLoading.WeightsAsync(arguments.GetRequiredValue(_model), cancellation);
        var options = new BakeOptions
        {
            Layers = LayerList.Parse(arguments.GetRequiredValue(_layers), "--layers", model.Layers),
            Operation = arguments.GetValue(_operation) == "add" ? SteeringOperation.Add : SteeringOperation.Ablate,
            EachOwn = arguments.GetValue(_eachOwn),
            KeepTied = arguments.GetValue(_keepTied),
            GgufFormat = arguments.GetRequiredValue(_format),
        };
        BakedModel baked;
        string card;
        IReadOnlyList<string> notes;
        await using (var progress = new LoadingProgress($"writing {target}", cancellation))
            (baked, card, notes) = DirectionBaker.Bake(model, set, source, options, target, progress);
        foreach (var note in notes)
            CommandOutput.Remark(note);
        output.Line(string.Create(CultureInfo.InvariantCulture, $"{target}: {baked.Edited.Count} tensors edited{(baked.Untied ? ", the output matrix no longer tied to the embedding" : "")}; rounding left at most {baked.LargestLeft:G2} of a column along a direction"));
        output.Line($"{card}: what was done and how to check it");
        return new JsonObject
        {
            ["out"] = Path.GetFullPath(target),
            ["card"] = Path.GetFullPath(card),
            ["layers"] = new JsonArray([.. options.Layers.Select(layer => JsonValue.Create(layer))]),
            ["edited"] = baked.Edited.Count,
            ["untied"] = baked.Untied,
            ["largest_left"] = JsonLine.Number(baked.LargestLeft),
            ["model_hash"] = model.Hash,
            ["directions_hash"] = set.Hash,
        };
    }
}
