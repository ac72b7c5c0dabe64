using System.Globalization;
using System.Text.Json.Nodes;
using Capvec.Cli.Output;
using Capvec.Formats.Errors;
using Capvec.Steering.Directions;
using Capvec.Steering.Exchange;

namespace Capvec.Cli.Inspection;

/// <summary>Describes files of directions, of every form that <see cref="DirectionExchange"/> reads: whose they are, how their layers are counted, and how alike neighbouring layers are.</summary>
internal static class DirectionInspector
{
    // No set of directions is larger; a model's weights are.
    private const long LargestFile = 1L << 28;

    /// <summary>Directions in a file or folder (<c>FILE#NAME</c>: one of several in a file); null where it is something else.</summary>
    /// <exception cref="CapvecException">The file is broken, or a tool's directions that cannot be used.</exception>
    public static Finding? Find(string path, bool hash)
    {
        if (File.Exists(path) && new FileInfo(path).Length > LargestFile)
            return null;
        if (DirectionExchange.FormOf(path) is not { } form)
            return null;
        try
        {
            return Describe(path, form.Name, Load(path), hash);
        }
        catch (CapvecException) when (form.IsShapeAlone)
        {
            // Such as a matrix of integers: no tool's mark says that it should be directions.
            return null;
        }
    }

    /// <summary>What was found in an adapter's folder, with the directions that it holds if it is one that heretic makes.</summary>
    public static Finding AddTo(Finding adapter, string path)
    {
        DirectionSet set;
        string form;
        try
        {
            (set, form) = DirectionExchange.Read(path);
        }
        catch (CapvecException)
        {
            return adapter;
        }

        adapter.Details["as_directions"] = Json(new Reading(set, null), form);
        return adapter with { Facts = [.. adapter.Facts, ("as directions", $"{form}, layers {DirectionSet.Ranges(set.Layers)}"), .. set.Notes.Select(note => ("note", note))] };
    }

    private static Finding Describe(string path, string form, Reading reading, bool hash)
    {
        var (set, doubt) = (reading.Set, reading.Doubt);
        var p = set.Provenance;
        var facts = new List<(string, string)>
        {
            ("form", form),
            ("layers", $"{set.Directions.Length} of width {set.Hidden}"),
            ("layers as found", doubt is not null ? "numbers that do not say what they count" : set.Counting ?? "numbers of 0-based blocks"),
            ("layers as used", doubt is null ? $"{DirectionSet.Ranges(set.Layers)}: layer b is the output of block b, before the final norm" : "none without --layers-are"),
            ("directions hash", set.Hash),
        };
        if (p.IsForAblation)
            facts.Add(("use", "to be taken out, not added"));
        foreach (var (name, value) in new[] { ("model hash", p.ModelHash), ("estimator", p.Estimator), ("positions", p.Positions), ("contrast", p.Contrast), ("sign", p.Sign), ("made", p.Created?.ToString("u", CultureInfo.InvariantCulture)) })
        {
            if (value is not null)
                facts.Add((name, value));
        }

        if (hash && File.Exists(path))
            facts.Add(("sha256", FileFacts.Sha256(path)));
        if (doubt is not null)
            facts.Add(("two readings", doubt));

        // The first note says how the file counts: again, or, where the reading is only ours to try, as if it held.
        facts.AddRange((doubt is null && set.Counting is null ? set.Notes : set.Notes.Skip(1)).Select(note => ("note", note)));
        return new Finding("directions", "directions, one a layer; nothing in the file was run", facts, Table(reading), Json(reading, form));
    }

    /// <summary>The set; where the file's numbers can be read in two ways, as if they were ours, and what the two ways are.</summary>
    private static Reading Load(string path)
    {
        try
        {
            return new Reading(DirectionFile.Load(path), null);
        }
        catch (CapvecException e)
        {
            // Numbers as they are; a file with one vector has none.
            foreach (var reading in new[] { LayerReading.ResidPost, LayerReading.Of(0) })
            {
                try
                {
                    return new Reading(DirectionFile.Load(path, reading), e.Message, reading.Block is not null);
                }
                catch (CapvecException)
                {
                    // This reading does not help either; the first message says what is wrong.
                }
            }

            throw;
        }
    }

    private static List<string[]> Table(Reading reading)
    {
        var set = reading.Set;
        var rows = new List<string[]> { new[] { reading.Doubt is null ? "layer" : "number", "length", "margin", "residual norm", "cosine to the next" } };
        for (var i = 0; i < set.Directions.Length; i++)
        {
            var direction = set.Directions[i];
            rows.Add([reading.IsNameless ? "" : $"{direction.Layer}", $"{direction.Scale:G6}", $"{direction.Margin:G4}", $"{direction.ResidualNorm:G4}", Next(set, i) is { } cosine ? $"{cosine:0.000}" : ""]);
        }

        return rows;
    }

    private static JsonObject Json(Reading reading, string form) => Json(reading.Set, form, reading.Doubt, reading.IsNameless);

    private static JsonObject Json(DirectionSet set, string form, string? doubt, bool isNameless) => new()
    {
        ["directions"] = true,
        ["format"] = form,
        ["directions_hash"] = set.Hash,
        ["model_hash"] = set.Provenance.ModelHash,
        ["hidden"] = set.Hidden,
        ["layer_convention"] = doubt is null ? "0-based block, output before the final norm" : null,
        ["two_readings"] = doubt,
        ["layers"] = new JsonArray([.. set.Directions.Select((direction, i) => new JsonObject
        {
            ["layer"] = isNameless ? null : direction.Layer,
            ["norm"] = JsonLine.Number(direction.Scale),
            ["margin"] = direction.Margin,
            ["residual_norm"] = direction.ResidualNorm,
            ["cosine_to_next"] = Next(set, i),
        })]),
        ["notes"] = new JsonArray([.. set.Notes.Select(note => JsonValue.Create(note))]),
    };

    private static double? Next(DirectionSet set, int index) => index + 1 < set.Directions.Length ? set.Directions[index].Cosine(set.Directions[index + 1]) : null;

    /// <param name="Set">The directions.</param>
    /// <param name="Doubt">Where the file's numbers are taken for layers though they do not say that they are: what they could be.</param>
    /// <param name="IsNameless">Whether the file has no number at all.</param>
    private sealed record Reading(DirectionSet Set, string? Doubt, bool IsNameless = false);
}
