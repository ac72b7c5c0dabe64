using System.IO.Compression;
using System.Text;
using Capvec.Formats.Gguf;
using Capvec.Formats.Numpy;
using Capvec.Formats.Peft;
using Capvec.Formats.Safetensors;
using Capvec.Formats.Tensors;
using Capvec.Formats.Tests.Files;
using Capvec.Formats.Torch;
using Capvec.Tests;

namespace Capvec.Formats.Tests.Fuzzing;

/// <summary>The readers under test, with good files of each.</summary>
internal static class FuzzTargets
{
    private static readonly string[] JsonTokens =
    [
        "{", "}", "[", "]", ",", ":", "\"", "null", "true", "false", "-1", "0", "1e999", "1.5", "9223372036854775807", "18446744073709551616", "\"\\ud800\"", "\\ud800", "\\u0000", "\\u001b", "\u0080",
        "{\"a\":", "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[", "//", "\\", "..", "/",
    ];

    private static readonly string[] PickleTokens =
    [
        "\x80\x02", "\x80\x05", "\x93", "R", "\x81", "b", "Q", "(", "a", "e", "s", "u", "t", "\x85", "\x86", "\x87", ")", "]", "}", "q\0", "h\0", "j\0\0\0\0", "\x94", "\x95\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x7F", "N", "\x88",
        "J\xFF\xFF\xFF\xFF", "K\x01", "M\xFF\xFF", "\x8A\x09\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x7F", "G\x7F\xF0\0\0\0\0\0\0", "X\x01\0\0\0a", "X\xFF\xFF\xFF\xFF", "\x8D\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF", ".", "cposix\nsystem\n",
        "ctorch\nfloat32\n", "ctorch\nFloatStorage\n", "ccollections\nOrderedDict\n", "ctorch._utils\n_rebuild_tensor_v2\n", "c_codecs\nencode\n", "csteering_vectors.steering_vector\nSteeringVector\n",
    ];

    public static IReadOnlyList<FuzzTarget> All { get; } =
    [
        new("safetensors", "x.safetensors", [Safetensors()], [.. JsonTokens, "\"F32\"", "\"F8_E5M2\"", "\"U64\"", "\"shape\":[0]", "\"__metadata__\":{", "\"dtype\"", "\"data_offsets\""], SafetensorsFile.Open, ReadSafetensors),
        new("safetensors index", SafetensorsIndex.FileName, [Text("""{"metadata": {"total_size": 12}, "weight_map": {"a.weight": "model-00001-of-00002.safetensors", "b.weight": "model-00002-of-00002.safetensors"}}""")],
            [.. JsonTokens, "\"weight_map\": "], SafetensorsIndex.Load, _ => { }) { Reasons = 4 },
        new("PEFT config", PeftConfig.FileName, [PeftText()], [.. JsonTokens, "(a+)+", "(", "{1,2000000000}", "\"r\": ", "\"use_dora\": ", "\"bias\": ", "\"rank_pattern\": {", "\"LORA\"", "\"none\""], PeftConfig.Load, ReadPeft) { Reasons = 8 },
        new("GGUF", "x.gguf", [Gguf("alignment_8.gguf", 416), Gguf("empty_array.gguf", 320), Gguf("name_63.gguf", 256), Gguf("all_types.gguf", 12_000)],
            ["GGUF", "general.alignment", "split.count", "\x09\0\0\0\x08\0\0\0", "\x09\0\0\0\x09\0\0\0", "\x08\0\0\0", "\x04\0\0\0", "\x0C\0\0\0", "\xFF\xFE"], GgufFile.Open, ReadGguf),
        new("GGUF part", "m-00002-of-00002.gguf", [GgufPart(1)], ["split.no", "split.count", "\x02\0", "\x01\0", "a", "b"], OpenSplit, ReadGguf) { Reasons = 8 },
        new("GGUF LoRA", "x.gguf", [GgufLoraFile()], ["GGUF", "adapter", "lora", ".lora_a", ".lora_b", "adapter.lora.alpha", "\x02\0\0\0", "\x01\0\0\0"], GgufLora.Load, _ => { }) { Reasons = 8 },
        new("torch zip", "x.pt", [Torch("state_dict.pt"), Torch("deflated.pt"), Torch("protocol4.pt"), Torch("fp8.pt"), Torch("views.pt")], [.. PickleTokens, "PK\x03\x04", "PK\x01\x02", "PK\x05\x06"], TorchFile.Load, ReadTorch),
        new("torch pickle", "x.pkl", [Pickle("state_dict.pt")], PickleTokens, path => OpenPickle(path, "state_dict.pt"), ReadTorch) { Reasons = 15 },
        new("torch pickle 4", "x.pkl", [Pickle("protocol4.pt")], PickleTokens, path => OpenPickle(path, "protocol4.pt"), ReadTorch) { Reasons = 15 },
        new("torch stream", "x.pt", [Torch("legacy.pt"), Torch("hostile_legacy.pt"), Torch("hostile_bare.pkl")], PickleTokens, TorchFile.Load, ReadTorch) { ReadsPerThousand = -1, Reasons = 6 },
        new("npy", "x.npy", [Numpy("c_f4.npy", 128), Numpy("fortran_i8.npy", 128), Numpy("version_3.npy", 128), Numpy("c_b1.npy", 128), Numpy("python2.npy", 72)],
            ["'descr'", "'<f8'", "'|O'", "True", "(", ")", ",", "L", "9223372036854775807", "'", "{", "}", " ", "\\"], NpyFile.Load, ReadNumpy),
        new("npz", "x.npz", [Numpy("stored.npz", 558), Numpy("deflated.npz", 432)], ["PK\x03\x04", "PK\x01\x02", "PK\x05\x06", ".npy", "\x93NUMPY", "\0\0"], NpzFile.Open, ReadNpz),
    ];

    private static (byte[] File, int Header) Safetensors()
    {
        using var folder = new TemporaryFolder();
        new SafetensorsWriter { Metadata = { ["format"] = "pt", ["naïve"] = "ä\n" } }.Add("model.norm.weight", [3], new float[] { 1, 2, 3 }).AddInt64("steps", [2, 1], new long[] { 1, 2 })
            .AddBFloat16("model.layers.0.w", [2, 4], new float[8]).Add("none", [0, 7], ReadOnlyMemory<float>.Empty).Write(folder.File("x"));
        var bytes = File.ReadAllBytes(folder.File("x"));
        return (bytes, bytes.Length - 44);
    }

    private static (byte[] File, int Header) PeftText() => Text("""
        {"peft_type": "LORA", "r": 8, "lora_alpha": 16, "use_rslora": false, "bias": "none", "target_modules": ["q_proj", "v_proj"], "rank_pattern": {"layers.0.mlp": 4},
         "alpha_pattern": {".*q_proj": 32.5}, "use_dora": false, "modules_to_save": null, "init_lora_weights": true, "base_model_name_or_path": "x", "lora_dropout": 0.05}
        """);

    private static (byte[] File, int Header) Text(string text) => (Encoding.UTF8.GetBytes(text), text.Length);

    private static (byte[] File, int Header) Gguf(string name, int header) => (File.ReadAllBytes(Repository.File("tests", "fixtures", "gguf", "container", name)), header);

    private static (byte[] File, int Header) Numpy(string name, int header) => (File.ReadAllBytes(Repository.File("tests", "fixtures", "numpy", name)), header);

    private static (byte[] File, int Header) Torch(string name)
    {
        var bytes = File.ReadAllBytes(Repository.File("tests", "fixtures", "torch", name));
        return (bytes, bytes.Length);
    }

    private static (byte[] File, int Header) Pickle(string archive)
    {
        var bytes = Entries(archive).Single(e => e.Name.EndsWith("/data.pkl", StringComparison.Ordinal)).Bytes;
        return (bytes, bytes.Length);
    }

    private static (byte[] File, int Header) GgufPart(int part)
    {
        using var folder = new TemporaryFolder();
        new GgufWriter().Set("split.no", (ushort)part).Set("split.count", (ushort)2).Set("split.tensors.count", 2)
            .Add(part == 0 ? "a" : "b", GgufType.Q8_0, [2, 32], (_, rows) => rows.Fill(1)).Write(folder.File("x"));
        var bytes = File.ReadAllBytes(folder.File("x"));
        return (bytes, bytes.Length - 68);
    }

    private static (byte[] File, int Header) GgufLoraFile()
    {
        using var folder = new TemporaryFolder();
        var writer = GgufLora.Begin("llama", 16, "x");
        GgufLora.Add(writer, new GgufLoraPair("blk.0.attn_q.weight", 2, 8, 4, new float[16], new float[8]));
        writer.Write(folder.File("x"));
        var bytes = File.ReadAllBytes(folder.File("x"));
        return (bytes, bytes.Length - 96);
    }

    /// <summary>Opens a split model whose second file is the input.</summary>
    private static GgufFile OpenSplit(string second)
    {
        var first = second.Replace("00002-of", "00001-of", StringComparison.Ordinal);
        if (!File.Exists(first))
            File.WriteAllBytes(first, GgufPart(0).File);
        return GgufFile.Open(first);
    }

    /// <summary>Puts the input, a pickle, into an archive of torch in place of its own.</summary>
    private static TorchFile OpenPickle(string pickle, string archive)
    {
        var path = pickle + ".pt";
        using (var zip = new ZipArchive(File.Create(path), ZipArchiveMode.Create))
        {
            foreach (var (name, bytes) in Entries(archive))
            {
                using var stream = zip.CreateEntry(name, CompressionLevel.NoCompression).Open();
                stream.Write(name.EndsWith("/data.pkl", StringComparison.Ordinal) ? File.ReadAllBytes(pickle) : bytes);
            }
        }

        return TorchFile.Load(path);
    }

    private static List<(string Name, byte[] Bytes)> Entries(string archive)
    {
        using var zip = ZipFile.OpenRead(Repository.File("tests", "fixtures", "torch", archive));
        return [.. zip.Entries.Select(entry =>
        {
            using var stream = entry.Open();
            using var buffer = new MemoryStream();
            stream.CopyTo(buffer);
            return (entry.FullName, buffer.ToArray());
        })];
    }

    private static void ReadSafetensors(object opened)
    {
        var file = (SafetensorsFile)opened;
        foreach (var tensor in file.Tensors.Values)
        {
            if (tensor.Dtype.IsFloat())
                file.ReadFloat32(tensor.Name).LongLength.ShouldBe(tensor.Count);
            else if (tensor.Dtype.IsInteger())
                file.ReadInt64(tensor.Name).LongLength.ShouldBe(tensor.Count);
            else
                file.ReadRaw(tensor.Name, new byte[tensor.ByteLength]);
        }
    }

    private static void ReadPeft(object opened)
    {
        var config = (PeftConfig)opened;
        config.RankFor("model.layers.0.mlp.gate_proj");
        config.ScaleFor("model.layers.0.self_attn.q_proj", 8);
    }

    private static void ReadGguf(object opened)
    {
        var file = (GgufFile)opened;
        foreach (var tensor in file.Tensors.Values)
        {
            file.ReadFloat32(tensor.Name).LongLength.ShouldBe(tensor.Count);
            file.ReadRaw(tensor.Name, tensor.Rows - 1, 1, new byte[tensor.RowBytes]);
        }
    }

    private static void ReadTorch(object opened) => Walk(((TorchFile)opened).Root);

    private static void Walk(object? value)
    {
        foreach (var child in value is TorchDictionary dictionary ? dictionary.Values : value is TorchSequence sequence ? sequence.Items : value is TorchRecord record ? record.Fields.Values : Enumerable.Empty<object?>())
            Walk(child);
        // Views of stride 0 may be larger than the file; the largest only take time.
        if (value is not TorchTensor { Count: < 1 << 20 } tensor)
            return;
        if (tensor.Dtype.IsFloat())
            tensor.ToFloat32().LongLength.ShouldBe(tensor.Count);
        else if (tensor.Dtype.IsInteger())
            tensor.ToInt64().LongLength.ShouldBe(tensor.Count);
    }

    private static void ReadNumpy(object opened)
    {
        var array = (NumpyArray)opened;
        if (array.Dtype.IsFloat())
            array.ToFloat32().LongLength.ShouldBe(array.Count);
        else if (array.Dtype.IsInteger())
            array.ToInt64().LongLength.ShouldBe(array.Count);
    }

    private static void ReadNpz(object opened)
    {
        var file = (NpzFile)opened;
        foreach (var name in file.Names)
            ReadNumpy(file.Read(name));
    }
}
