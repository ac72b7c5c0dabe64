using System.Text.Json.Nodes;
using Capvec.Engine.Loading;
using Capvec.Engine.Network;
using Capvec.Formats.Errors;
using Capvec.Formats.Files;
using Capvec.Formats.Gguf;
using Capvec.Formats.Safetensors;
using Capvec.Text.Templates;
using Capvec.Text.Tokenizers;

namespace Capvec.Cli.Inspection;

/// <summary>Describes models. Every tensor is looked for and its shape checked, as loading would do it; no weight is read.</summary>
internal static class ModelInspector
{
    /// <summary>A model folder.</summary>
    public static Finding Folder(string path, bool hash)
    {
        // A damaged file is an error; what is only of an unsupported kind is described.
        foreach (var name in new[] { "config.json", "generation_config.json" }.Where(name => File.Exists(Path.Combine(path, name))))
            JsonFile.ReadObject(Path.Combine(path, name)).Dispose();
        using var files = SafetensorsFolder.Open(path);
        return Of(path, hash, files.Files.Count, files.Tensors.Values.Sum(tensor => tensor.ByteLength), files.Tensors.Values.Sum(tensor => tensor.Count), files.Tensors.Values.Select(tensor => $"{tensor.Dtype}"));
    }

    /// <summary>A GGUF model.</summary>
    public static Finding Gguf(GgufFile file, bool hash) =>
        Of(file.Path, hash, file.Files.Count, file.Tensors.Values.Sum(tensor => tensor.ByteLength), file.Tensors.Values.Sum(tensor => tensor.Count), file.Tensors.Values.Select(tensor => $"{tensor.Type}"));

    private static Finding Of(string path, bool hash, int files, long bytes, long parameters, IEnumerable<string> types)
    {
        var facts = new List<(string, string)>
        {
            ("parameters", $"{parameters:N0}, {FileFacts.Size(bytes)} in {files} {(files == 1 ? "file" : "files")}"),
            ("stored as", string.Join(", ", types.GroupBy(type => type).OrderByDescending(group => group.Count()).Select(group => $"{group.Count()} {group.Key}"))),
        };
        var details = new JsonObject { ["parameters"] = parameters, ["bytes"] = bytes, ["files"] = files };
        ModelSurvey model;
        try
        {
            model = ModelSurvey.Of(path);
        }
        catch (CapvecException e)
        {
            facts.Add(("not supported", e.Message));
            (details["supported"], details["reason"]) = (false, e.Message);
            return new Finding("model", "a model that this version does not run", facts, [], details);
        }

        var c = model.Config;
        facts.AddRange(Shape(c));
        facts.Add(("stop tokens", model.StopTokens.Count == 0 ? "none named" : string.Join(", ", model.StopTokens)));
        var (tokenizer, template) = (Try(() => $"byte-level BPE, {Tokenizer.Survey(path):N0} tokens"), Try(() => $"yes, {ChatTemplate.Load(path).Source.Length:N0} characters"));
        facts.Add(("tokenizer", tokenizer));
        facts.Add(("chat template", template));
        facts.AddRange(model.Notes.Select(note => ("note", note)));
        if (hash)
        {
            var value = model.ComputeHash();
            facts.Add(("hash", $"{value} (first 16 digits of a SHA-256 over config and weights)"));
            details["hash"] = value;
        }

        details["supported"] = true;
        details["family"] = c.Family;
        details["layers"] = c.Layers;
        details["hidden"] = c.Hidden;
        details["vocabulary"] = c.Vocabulary;
        details["max_positions"] = c.MaxPositions;
        details["stop_tokens"] = new JsonArray([.. model.StopTokens.Select(id => JsonValue.Create(id))]);
        details["tokenizer"] = tokenizer;
        details["chat_template"] = template;
        details["memory"] = MemoryTable.Json(model);
        details["notes"] = new JsonArray([.. model.Notes.Select(note => JsonValue.Create(note))]);
        return new Finding("model", $"a {c.Family} text model; all its tensors are there", facts, MemoryTable.Rows(model), details);
    }

    private static IEnumerable<(string, string)> Shape(ModelConfig c)
    {
        var full = c.FullAttention.Count(attention => attention);
        yield return ("blocks", $"{c.Layers}: layers 0 to {c.Layers - 1}; {(full == c.Layers ? "all with full attention" : $"{full} with full attention, {c.Layers - full} with the gated delta rule")}");
        yield return ("residual stream", $"width {c.Hidden}");
        yield return ("attention", $"{c.Heads} query heads of width {c.HeadDim} over {c.KvHeads} key and value heads{(c.QueryKeyNorm ? ", queries and keys normed" : "")}{(c.QueryKeyValueBias ? ", with biases" : "")}{(c.OutputGate ? ", with an output gate" : "")}");
        yield return ("positions", $"{c.MaxPositions:N0} at most; {c.RotaryDim} of {c.HeadDim} dimensions of a head rotate, once in {2 * Math.PI / c.RotaryFrequencies[0]:N1} to {2 * Math.PI / c.RotaryFrequencies[^1]:N0} positions");
        if (c.KeyHeads > 0)
            yield return ("delta rule", $"{c.ValueHeads} value heads of width {c.ValueDim} over {c.KeyHeads} key heads of width {c.KeyDim}, convolution over {c.ConvKernel} tokens");
        yield return ("MLP", $"SwiGLU of width {c.Intermediate}");
        yield return ("vocabulary", $"{c.Vocabulary:N0}; the output matrix is {(c.TiedEmbeddings ? "the embedding" : "one of its own")}");
    }

    private static string Try(Func<string> read)
    {
        try
        {
            return read();
        }
        catch (CapvecException e)
        {
            return $"not usable: {e.Message}";
        }
    }
}
