using System.CommandLine;
using System.Text.Json.Nodes;
using Capvec.Cli.Hosting;
using Capvec.Cli.Options;
using Capvec.Cli.Output;

namespace Capvec.Cli.Commands;

/// <summary>capvec vectors show: what is in a direction file, and how it is read.</summary>
internal sealed class ShowVectorsCommand : CapvecCommand
{
    private readonly Argument<string> _path = new("FILE") { Description = $"Directions: {VectorOptions.Files}." };
    private readonly Option<string?> _layersAre = VectorOptions.LayersAre();

    /// <summary>Makes the command.</summary>
    public ShowVectorsCommand(Option<bool> json)
        : base("show", "Says how a direction file is read: its form, layers, lengths, where it comes from.", "capvec vectors show tests/fixtures/gguf/cvec/repeng.gguf", json)
    {
        Arguments.Add(_path);
        Options.Add(_layersAre);
    }

    /// <inheritdoc/>
    protected override Task<JsonObject?> RunAsync(ParseResult arguments, CommandOutput output, CancellationToken cancellation)
    {
        var path = arguments.GetRequiredValue(_path);
        var (set, format) = VectorOptions.Read(path, arguments.GetValue(_layersAre));
        output.Line($"{path}: {format}, {set.Directions.Length} directions of {set.Hidden} numbers, hash {set.Hash}");
        var rows = new List<string[]> { new[] { "layer", "length", "margin", "cosine to the one above" } };
        for (var i = 0; i < set.Directions.Length; i++)
        {
            var direction = set.Directions[i];
            rows.Add([$"{direction.Layer}", $"{direction.Scale:G5}", direction.Margin is { } margin ? $"{margin:G5}" : "", i > 0 ? $"{direction.Cosine(set.Directions[i - 1]):F3}" : ""]);
        }

        output.Table(rows, heading: true);
        var p = set.Provenance;
        return Task.FromResult<JsonObject?>(new JsonObject
        {
            ["path"] = path,
            ["format"] = format,
            ["hidden"] = set.Hidden,
            ["directions_hash"] = set.Hash,
            ["use"] = p.IsForAblation ? "ablate" : null,
            ["model_hash"] = p.ModelHash,
            ["estimator"] = p.Estimator,
            ["contrast"] = p.Contrast,
            ["layers"] = new JsonArray([.. set.Directions.Select(d => new JsonObject { ["layer"] = d.Layer, ["length"] = d.Scale, ["margin"] = d.Margin })]),
            ["notes"] = new JsonArray([.. set.Notes.Select(note => JsonValue.Create(note))]),
        });
    }
}
