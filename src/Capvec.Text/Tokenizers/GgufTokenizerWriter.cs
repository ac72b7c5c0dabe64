using Capvec.Formats.Errors;
using Capvec.Formats.Gguf;
using Capvec.Text.Json;
using Capvec.Text.Templates;

namespace Capvec.Text.Tokenizers;

/// <summary>Puts the tokenizer and chat template of a model folder into a GGUF file, under the keys that llama.cpp reads.</summary>
public static class GgufTokenizerWriter
{
    /// <summary>Sets <c>tokenizer.*</c>. Ids that the model's embedding has beyond the tokenizer's become unused tokens.</summary>
    /// <param name="folder">A model folder with tokenizer.json.</param>
    /// <param name="rows">Rows of the model's embedding.</param>
    /// <param name="stops">Ids that end a reply; the first is the end token where tokenizer_config.json names none.</param>
    /// <param name="writer">Receives the keys.</param>
    /// <exception cref="CapvecException">There is no tokenizer, it has more ids than the model, or its rules have no name in GGUF.</exception>
    public static void Write(string folder, int rows, IReadOnlyList<int> stops, GgufWriter writer)
    {
        ArgumentNullException.ThrowIfNull(stops);
        ArgumentNullException.ThrowIfNull(writer);
        var definition = TokenizerReader.Read(folder);
        var (texts, types) = Entries(definition, rows);
        writer.Set("tokenizer.ggml.model", "gpt2")
            .Set("tokenizer.ggml.pre", GgufTokenizerReader.NameOf(definition))
            .Set("tokenizer.ggml.tokens", texts)
            .Set("tokenizer.ggml.token_type", types)
            .Set("tokenizer.ggml.merges", definition.Merges.InOrder().Select(pair => $"{texts[pair.Left]} {texts[pair.Right]}").ToArray())
            .Set("tokenizer.ggml.add_bos_token", definition.Prefix.Count > 0);

        var configPath = Path.Combine(folder, "tokenizer_config.json");
        JsonField? config = File.Exists(configPath) ? JsonField.Read(configPath) : null;
        SetId("bos", definition.Prefix.Count > 0 ? definition.Prefix[0] : Named("bos_token"));
        var end = Named("eos_token") ?? (stops.Count > 0 ? stops[0] : null);
        SetId("eos", end);
        SetId("padding", Named("pad_token"));
        SetId("unknown", Named("unk_token"));

        // The format has no list of end tokens; readers stop at the end of a turn too.
        SetId("eot", stops.Where(id => id != end).Select(id => (int?)id).FirstOrDefault());
        if (ChatTemplate.FindSource(folder) is { } template)
            writer.Set("tokenizer.chat_template", template);

        void SetId(string key, int? id)
        {
            if (id is { } known)
                writer.Set($"tokenizer.ggml.{key}_token_id", (uint)known);
        }

        int? Named(string key)
        {
            if (config?[key] is not { IsMissing: false } field)
                return null;
            var index = Array.IndexOf(texts, ChatTemplate.TokenText(field));
            return index < 0 ? null : index;
        }
    }

    /// <summary>Says that the file has no tokenizer: llama.cpp refuses a model that does not say it.</summary>
    /// <param name="writer">Receives the key.</param>
    public static void WriteNone(GgufWriter writer)
    {
        ArgumentNullException.ThrowIfNull(writer);
        writer.Set("tokenizer.ggml.model", GgufTokenizerReader.None);
    }

    private static (string[] Texts, int[] Types) Entries(TokenizerDefinition definition, int rows)
    {
        var texts = new string[rows];
        var types = new int[rows];
        foreach (var (text, id) in definition.Vocabulary)
            Put(id, text, GgufTokenizerReader.Normal);
        foreach (var token in definition.Added)
            Put(token.Id, token.Content, token.Special ? GgufTokenizerReader.Control : GgufTokenizerReader.UserDefined);
        for (var id = 0; id < rows; id++)
        {
            if (types[id] == 0)
                (texts[id], types[id]) = ($"[PAD{id}]", GgufTokenizerReader.Unused);
        }

        return (texts, types);

        void Put(int id, string text, int type)
        {
            if (id >= rows)
                throw new CapvecException($"{definition.Source}: the token \"{text}\" has the id {id}, but the model's embedding ends at {rows - 1}; tokenizer and model do not belong together.");
            (texts[id], types[id]) = (text, type);
        }
    }
}
