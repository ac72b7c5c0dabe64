using Capvec.Formats.Errors;

namespace Capvec.Formats.Gguf;

/// <summary>
/// A LoRA adapter in a GGUF file, as llama.cpp reads them: <c>general.type</c> adapter, <c>adapter.type</c> lora, one <c>adapter.lora.alpha</c> for all, and for each
/// adapted tensor T of the base model <c>T.lora_a</c> [r, in] and <c>T.lora_b</c> [out, r].
/// </summary>
public sealed class GgufLora
{
    private const string TypeKey = "general.type";
    private const string KindKey = "adapter.type";
    private const string AlphaKey = "adapter.lora.alpha";
    private const string FactorA = ".lora_a";
    private const string FactorB = ".lora_b";

    private GgufLora(GgufFile file, double alpha, IReadOnlyList<GgufLoraPair> pairs)
    {
        Path = file.Path;
        Files = file.Files;
        Architecture = file.Metadata.GetString("general.architecture");
        (Alpha, Pairs) = (alpha, pairs);
    }

    /// <summary>The file.</summary>
    public string Path { get; }

    /// <summary>All files, in order.</summary>
    public IReadOnlyList<string> Files { get; }

    /// <summary>The base model's architecture, such as <c>qwen35</c>.</summary>
    public string Architecture { get; }

    /// <summary>alpha; 0 means that nothing is scaled.</summary>
    public double Alpha { get; }

    /// <summary>The adapted tensors, in the order of the file.</summary>
    public IReadOnlyList<GgufLoraPair> Pairs { get; }

    /// <summary>Whether a file says that it is an adapter.</summary>
    public static bool IsAdapter(GgufFile file) => file.Metadata.FindString(TypeKey) == "adapter";

    /// <summary>The factor s of <c>y = W x + s B (A x)</c>: alpha / r, or 1 where alpha is 0.</summary>
    public float ScaleFor(int rank) => Alpha == 0 ? 1 : (float)(Alpha / rank);

    /// <summary>Loads an adapter.</summary>
    /// <exception cref="CapvecException">The file is missing, broken, no LoRA adapter, or one that acts on some tokens only.</exception>
    public static GgufLora Load(string path)
    {
        using var file = GgufFile.Open(path);
        if (!IsAdapter(file))
            throw new CapvecException($"{path}: {TypeKey} is \"{file.Metadata.FindString(TypeKey) ?? "missing"}\"; expected \"adapter\", so this is no LoRA adapter. A model is given as the model.");
        if (file.Metadata.FindString(KindKey) is not "lora" and var kind)
            throw new CapvecException($"{path}: {KindKey} is \"{kind ?? "missing"}\"; only \"lora\" adapters can be loaded.");
        if (file.Metadata.Values.ContainsKey("adapter.alora.invocation_tokens"))
            throw new CapvecException($"{path}: adapter.alora.invocation_tokens is set: adapters that begin to act at certain tokens are not supported.");
        var alpha = file.Metadata.GetNumber(AlphaKey);
        if (!double.IsFinite(alpha))
            throw new CapvecException($"{path}: {AlphaKey} is {alpha}; expected a finite number.");
        var pairs = new List<GgufLoraPair>();
        foreach (var name in file.Tensors.Keys)
        {
            if (name.EndsWith(FactorA, StringComparison.Ordinal))
                pairs.Add(Pair(file, name[..^FactorA.Length]));
            else if (!name.EndsWith(FactorB, StringComparison.Ordinal) || !file.Tensors.ContainsKey(name[..^FactorB.Length] + FactorA))
                throw new CapvecException($"{path}: tensor '{name}' is not one of a pair of factors ({FactorA} and {FactorB}); convert the adapter again.");
        }

        if (pairs.Count == 0)
            throw new CapvecException($"{path} holds no factors; convert the adapter again.");
        return new GgufLora(file, alpha, pairs);
    }

    /// <summary>A writer of an adapter file, to which pairs are added.</summary>
    /// <param name="architecture">The base model's.</param>
    /// <param name="alpha">alpha.</param>
    /// <param name="name">A name to show.</param>
    public static GgufWriter Begin(string architecture, float alpha, string name) => new GgufWriter()
        .Set("general.architecture", architecture)
        .Set(TypeKey, "adapter")
        .Set(KindKey, "lora")
        .Set("general.name", name)
        .Set(AlphaKey, alpha);

    /// <summary>Adds a pair to a writer, in float32.</summary>
    public static void Add(GgufWriter writer, GgufLoraPair pair)
    {
        ArgumentNullException.ThrowIfNull(writer);
        ArgumentNullException.ThrowIfNull(pair);
        writer.Add(pair.Tensor + FactorA, GgufType.F32, [pair.Rank, pair.In], (row, to) => pair.A.AsSpan((int)row * pair.In, to.Length).CopyTo(to));
        writer.Add(pair.Tensor + FactorB, GgufType.F32, [pair.Out, pair.Rank], (row, to) => pair.B.AsSpan((int)row * pair.Rank, to.Length).CopyTo(to));
    }

    private static GgufLoraPair Pair(GgufFile file, string tensor)
    {
        var a = file.Find(tensor + FactorA);
        if (!file.Tensors.TryGetValue(tensor + FactorB, out var b))
            throw new CapvecException($"{file.Path}: '{a.Name}' has no {FactorB} beside it; the file is incomplete, convert the adapter again.");
        if (a.Shape.Length != 2 || b.Shape.Length != 2 || a.Shape[0] != b.Shape[1] || a.Shape.Concat(b.Shape).Any(size => size > int.MaxValue))
            throw new CapvecException($"{file.Path}: '{tensor}' has factors A {a.ShapeText} and B {b.ShapeText}; expected A [r, in] and B [out, r] (embeddings, whose A is the other way round, cannot be adapted).");
        foreach (var factor in new[] { a, b })
        {
            if (factor.Type is not (GgufType.F32 or GgufType.F16 or GgufType.BF16 or GgufType.Q8_0))
                throw new CapvecException($"{file.Path}: tensor '{factor.Name}' is of type {factor.Type}; factors are F32, F16, BF16 or Q8_0.");
        }

        return new GgufLoraPair(tensor, (int)a.Shape[0], (int)a.Shape[1], (int)b.Shape[0], file.ReadFloat32(a.Name), file.ReadFloat32(b.Name));
    }
}
