using Capvec.Formats.Errors;
using Capvec.Formats.Gguf;

namespace Capvec.Engine.Families;

/// <summary>The metadata of a GGUF model under its architecture's prefix, with failures that name the file, the key and what was expected.</summary>
internal sealed class GgufKeys
{
    private readonly GgufFile _file;

    public GgufKeys(GgufFile file) => (_file, Architecture) = (file, file.Metadata.GetString("general.architecture"));

    public string Path => _file.Path;

    /// <summary>What general.architecture says: "llama", "qwen35".</summary>
    public string Architecture { get; }

    /// <summary>Ids that end a reply.</summary>
    public IEnumerable<int> StopTokens => new[] { "tokenizer.ggml.eos_token_id", "tokenizer.ggml.eot_token_id" }
        .Select(_file.Metadata.FindInteger).OfType<long>().Where(id => id is >= 0 and <= int.MaxValue).Select(id => (int)id).Distinct();

    /// <summary>Whether there is a tensor of this name.</summary>
    public bool HasTensor(string name) => _file.Tensors.ContainsKey(name);

    /// <summary>A tensor as float32.</summary>
    public float[] Tensor(string name) => _file.ReadFloat32(name);

    /// <summary>Rows of the embedding.</summary>
    public int Vocabulary => Whole("token_embd.weight", _file.Find("token_embd.weight").Rows);

    /// <summary>A positive number. Some files give one a block: then those of the blocks that have any must agree.</summary>
    public int Positive(string key, int? fallback = null)
    {
        var values = _file.Metadata.FindIntegers(Full(key))?.Where(v => v != 0).Distinct().ToArray();
        return values switch
        {
            null => fallback ?? throw new CapvecException($"{Path}: the metadata have no {Full(key)}; expected a positive whole number."),
            [var one] => Whole(Full(key), one),
            _ => throw new CapvecException($"{Path}: metadata {Full(key)} is not one positive number for all blocks; such models are not supported."),
        };
    }

    public double Number(string key, double fallback) => _file.Metadata.FindNumber(Full(key)) ?? fallback;

    public string Text(string key, string fallback) => _file.Metadata.FindString(Full(key)) ?? fallback;

    public long[]? Integers(string key) => _file.Metadata.FindIntegers(Full(key));

    /// <summary>Refuses a model with a setting that would be computed wrongly; 0 counts as absent.</summary>
    public void Refuse(string key, string why)
    {
        if (_file.Metadata.FindIntegers(Full(key))?.Any(v => v != 0) == true)
            throw new CapvecException($"{Path}: metadata {Full(key)} is set: {why}.");
    }

    private string Full(string key) => $"{Architecture}.{key}";

    private int Whole(string key, long value) =>
        value is > 0 and <= int.MaxValue ? (int)value : throw new CapvecException($"{Path}: {key} is {value}; expected a positive whole number below 2^31.");
}
