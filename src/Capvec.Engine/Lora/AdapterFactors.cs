using Capvec.Engine.Families;
using Capvec.Engine.Loading;
using Capvec.Engine.Network;
using Capvec.Formats.Errors;
using Capvec.Formats.Gguf;
using Capvec.Formats.Peft;

namespace Capvec.Engine.Lora;

/// <summary>An adapter's factors under the network's names and in its order of rows and columns, whatever file they come from.</summary>
/// <param name="Path">The file with the factors, for messages.</param>
/// <param name="Files">The files that a hash covers, in order.</param>
/// <param name="Modules">The modules, such as <c>layers.0.self_attn.q_proj</c>.</param>
/// <param name="Notes">What a user of the adapter should know, a line each.</param>
internal sealed record AdapterFactors(string Path, IReadOnlyList<string> Files, IReadOnlyList<PeftModule> Modules, IReadOnlyList<string> Notes)
{
    /// <summary>Loads a PEFT folder or a GGUF file.</summary>
    /// <param name="path">Folder or file.</param>
    /// <param name="family">The model's family.</param>
    /// <param name="config">The model's shape: it decides what a GGUF file's converter reordered.</param>
    /// <exception cref="CapvecException">The adapter is broken, of an unsupported kind, or of another architecture.</exception>
    public static AdapterFactors Load(string path, ModelFamily family, ModelConfig config)
    {
        if (GgufFile.IsNamed(path))
            return FromGguf(GgufLora.Load(path), family, config);
        var adapter = PeftAdapter.Load(path);
        return new AdapterFactors(
            adapter.WeightsPath,
            [System.IO.Path.Combine(path, PeftConfig.FileName), adapter.WeightsPath],
            [.. adapter.Modules.Select(module => module with { Path = CheckpointNames.StripPrefix(module.Path) })],
            adapter.Warnings);
    }

    /// <summary>Writes the factors as a GGUF file. It has one alpha for all, so where a module's scale is not alpha / r the rest is multiplied into its B.</summary>
    /// <param name="family">The model's family.</param>
    /// <param name="config">The model's shape.</param>
    /// <param name="alpha">The alpha of most modules.</param>
    /// <param name="path">The file.</param>
    /// <exception cref="CapvecException">A module is one that such files have no place for, or the file cannot be written.</exception>
    public void WriteGguf(ModelFamily family, ModelConfig config, double alpha, string path)
    {
        // 0 would mean "not scaled" to readers.
        var written = alpha == 0 ? 1 : (float)alpha;
        var writer = GgufLora.Begin(family.Architecture, written, PathNames.Of(path));
        foreach (var module in Modules)
        {
            if (module.IsEmbedding || GgufNames.Of(module.Path + ".weight") == module.Path + ".weight")
                throw new CapvecException($"{Path}: module {module.Path} has no place in a GGUF adapter; projections of the blocks have.");
            var place = family.Place(module.Path + ".weight", config);
            var rest = module.Scale / (written / module.Rank);
            var (a, b) = (new float[module.A.Length], new float[module.B.Length]);
            for (var r = 0; r < module.Rank; r++)
            {
                for (var c = 0; c < module.In; c++)
                    a[(r * module.In) + (place.Column?.Invoke(c) ?? c)] = module.A[(r * module.In) + c];
            }

            for (var o = 0; o < module.Out; o++)
            {
                for (var r = 0; r < module.Rank; r++)
                    b[((place.Row?.Invoke(o) ?? o) * module.Rank) + r] = module.B[(o * module.Rank) + r] * rest;
            }

            GgufLora.Add(writer, new GgufLoraPair(place.Tensor, module.Rank, module.In, module.Out, a, b));
        }

        writer.Write(path);
    }

    private static AdapterFactors FromGguf(GgufLora file, ModelFamily family, ModelConfig config)
    {
        if (file.Architecture != family.Architecture)
            throw new CapvecException($"{file.Path} is an adapter of a {file.Architecture} model, but the model is {family.Architecture}; give the model that it was trained on.");
        var modules = GgufNames.Projections(config.Layers).ToDictionary(module => family.Place(module + ".weight", config).Tensor, StringComparer.Ordinal);
        return new AdapterFactors(file.Path, file.Files, [.. file.Pairs.Select(pair => modules.TryGetValue(pair.Tensor, out var module)
            ? Module(file, pair, module, family.Place(module + ".weight", config))
            : throw new CapvecException($"{file.Path}: tensor {pair.Tensor} is none that can be adapted in this model of {config.Layers} blocks; projections of its blocks are. Is the adapter for another one?"))], []);
    }

    private static PeftModule Module(GgufLora file, GgufLoraPair pair, string name, GgufPlace place)
    {
        var (a, b) = (new float[pair.A.Length], new float[pair.B.Length]);
        for (var c = 0; c < pair.In; c++)
        {
            var from = Inside(place.Column?.Invoke(c) ?? c, pair.In);
            for (var r = 0; r < pair.Rank; r++)
                a[(r * pair.In) + c] = pair.A[(r * pair.In) + from];
        }

        for (var o = 0; o < pair.Out; o++)
            pair.B.AsSpan(Inside(place.Row?.Invoke(o) ?? o, pair.Out) * pair.Rank, pair.Rank).CopyTo(b.AsSpan(o * pair.Rank));
        return new PeftModule(name, pair.Rank, pair.In, pair.Out, a, b, file.ScaleFor(pair.Rank), IsEmbedding: false);

        // The order belongs to the model's sizes; of another size it would lead out of the factor.
        int Inside(int index, int count) => index < count
            ? index
            : throw new CapvecException($"{file.Path}: tensor {pair.Tensor} maps {pair.In} to {pair.Out} numbers, which is not the model's size; the adapter is for another model.");
    }
}
