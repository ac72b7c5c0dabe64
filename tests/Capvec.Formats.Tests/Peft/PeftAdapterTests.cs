using System.IO.Compression;
using System.Runtime.InteropServices;
using System.Text;
using Capvec.Formats.Errors;
using Capvec.Formats.Peft;
using Capvec.Formats.Safetensors;
using Capvec.Formats.Tests.Files;
using Capvec.Tests;

namespace Capvec.Formats.Tests.Peft;

public sealed class PeftAdapterTests : IDisposable
{
    private const string Module = "base_model.model.model.layers.0.self_attn.q_proj";

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(".lora_A.weight", ".lora_B.weight", false)]
    [InlineData(".lora_A.default.weight", ".lora_B.default.weight", false)]
    [InlineData(".lora_embedding_A", ".lora_embedding_B", true)]
    [InlineData(".lora_embedding_A.default", ".lora_embedding_B.default", true)]
    public void Factors_are_paired_under_the_base_models_module_path(string a, string b, bool embedding)
    {
        Write((Module + a, [2, 3], [1, 2, 3, 4, 5, 6]), (Module + b, [1, 2], [7, 8]));
        var adapter = PeftAdapter.Load(_folder.Path);
        var module = adapter.Modules.ShouldHaveSingleItem();
        module.Path.ShouldBe("model.layers.0.self_attn.q_proj");
        (module.Rank, module.In, module.Out, module.Scale, module.IsEmbedding).ShouldBe((2, 3, 1, 2f, embedding));
        module.A.ShouldBe([1f, 2, 3, 4, 5, 6]);
        module.B.ShouldBe([7f, 8]);
        adapter.Warnings.ShouldBeEmpty();
    }

    [Fact]
    public void The_tensors_decide_the_rank_and_a_config_that_disagrees_is_warned_about()
    {
        Write((Module + ".lora_A.weight", [1, 3], [1, 2, 3]), (Module + ".lora_B.weight", [1, 1], [7]));
        var adapter = PeftAdapter.Load(_folder.Path);
        adapter.Modules[0].Scale.ShouldBe(4f);
        adapter.Warnings.ShouldHaveSingleItem().ShouldContain("gives rank 2");
    }

    [Theory]
    [InlineData(".lora_A.weight", ".lora_A.weight.x", "is not a LoRA factor")]
    [InlineData(".lora_A.weight", ".lora_magnitude_vector", "DoRA")]
    [InlineData(".lora_A.weight", ".weight", "is not a LoRA factor")]
    [InlineData(".lora_A.weight", ".lora_A.other.weight", "several adapters")]
    public void Tensors_of_other_kinds_are_refused_by_name(string first, string second, string expected)
    {
        Write((Module + first, [2, 3], [1, 2, 3, 4, 5, 6]), (Module + second, [1, 2], [7, 8]));
        Should.Throw<CapvecException>(() => PeftAdapter.Load(_folder.Path)).Message.ShouldContain(expected);
    }

    [Fact]
    public void Factors_that_are_alone_or_do_not_fit_are_refused()
    {
        Write((Module + ".lora_A.weight", [2, 3], [1, 2, 3, 4, 5, 6]));
        Should.Throw<CapvecException>(() => PeftAdapter.Load(_folder.Path)).Message.ShouldContain("has no factor B");
        Write((Module + ".lora_A.weight", [2, 3], [1, 2, 3, 4, 5, 6]), (Module + ".lora_B.weight", [2, 1], [7, 8]));
        Should.Throw<CapvecException>(() => PeftAdapter.Load(_folder.Path)).Message.ShouldContain("A [2, 3] and B [2, 1]");
        File.Delete(_folder.File("adapter_model.safetensors"));
        Should.Throw<CapvecException>(() => PeftAdapter.Load(_folder.Path)).Message.ShouldContain("neither adapter_model.safetensors nor adapter_model.bin");
    }

    [Fact]
    public void Weights_saved_by_torch_are_read_when_there_are_no_safetensors()
    {
        _folder.Write(PeftConfig.FileName, """{"peft_type":"LORA","r":2,"lora_alpha":4}""");
        WriteTorch(("base_model.model.m.lora_A.weight", 2, 3, [1, 2, 3, 4, 5, 6]), ("base_model.model.m.lora_B.weight", 1, 2, [7, 8]));
        var module = PeftAdapter.Load(_folder.Path).Modules.ShouldHaveSingleItem();
        (module.Path, module.Rank, module.In, module.Out, module.Scale).ShouldBe(("m", 2, 3, 1, 2f));
        module.A.ShouldBe([1f, 2, 3, 4, 5, 6]);
        module.B.ShouldBe([7f, 8]);
        File.Copy(Repository.File("tests", "fixtures", "torch", "dir_str_f32.pt"), _folder.File("adapter_model.bin"), overwrite: true);
        Should.Throw<CapvecException>(() => PeftAdapter.Load(_folder.Path)).Message.ShouldContain("tensor '0' is not a LoRA factor");
        File.Copy(Repository.File("tests", "fixtures", "torch", "list_bf16.pt"), _folder.File("adapter_model.bin"), overwrite: true);
        Should.Throw<CapvecException>(() => PeftAdapter.Load(_folder.Path)).Message.ShouldContain("expected a dict from names to tensors");
        File.Copy(Repository.File("tests", "fixtures", "torch", "hostile_reduce.pt"), _folder.File("adapter_model.bin"), overwrite: true);
        Should.Throw<CapvecException>(() => PeftAdapter.Load(_folder.Path)).Message.ShouldContain("posix.system");
    }

    [Theory]
    [InlineData("phantom/adapters/sft", 2f)]
    [InlineData("goldens/models/qwen35-tiny/lora-all", 2f)]
    [InlineData("goldens/models/qwen35-tiny/lora-rs", 2.828427f)]
    [InlineData("goldens/models/qwen35-vl-names/lora-vl", 3f)]
    public void Reference_adapters_load_without_warnings(string path, float scale)
    {
        var adapter = PeftAdapter.Load(Repository.Shared(path.Split('/')));
        adapter.Warnings.ShouldBeEmpty();
        adapter.Modules.ShouldNotBeEmpty();
        adapter.Modules.ShouldAllBe(m => m.Scale == scale && m.A.All(float.IsFinite) && m.B.Length == m.Out * m.Rank);
    }

    [Fact]
    public void The_reference_adapter_with_patterns_takes_its_ranks_and_alphas_from_them()
    {
        var modules = PeftAdapter.Load(Repository.Shared("goldens", "models", "llama-tiny", "lora-pattern")).Modules.ToDictionary(m => m.Path);
        modules["model.layers.2.self_attn.q_proj"].Scale.ShouldBe(8f / 3);
        modules["model.layers.0.self_attn.q_proj"].Scale.ShouldBe(2f);
        modules["model.layers.0.self_attn.v_proj"].Scale.ShouldBe(5f);
        modules["model.layers.3.mlp.down_proj"].Scale.ShouldBe(2.5f);
        modules["model.layers.0.mlp.down_proj"].Scale.ShouldBe(4f);
    }

    /// <summary>An adapter_model.bin as torch lays it out, the pickle put together by hand.</summary>
    private void WriteTorch(params (string Name, byte Rows, byte Columns, float[] Values)[] tensors)
    {
        using var zip = new ZipArchive(File.Create(_folder.File("adapter_model.bin")), ZipArchiveMode.Create);
        var pickle = new List<byte>([0x80, 2, (byte)'}']);
        void Text(string text) => pickle.AddRange([(byte)'X', (byte)text.Length, 0, 0, 0, .. Encoding.ASCII.GetBytes(text)]);
        for (byte i = 0; i < tensors.Length; i++)
        {
            var (name, rows, columns, values) = tensors[i];
            Text(name);
            pickle.AddRange("ctorch._utils\n_rebuild_tensor_v2\n(("u8);
            Text("storage");
            pickle.AddRange("ctorch\nFloatStorage\n"u8);
            Text($"{i}");
            Text("cpu");
            pickle.AddRange([(byte)'K', (byte)values.Length, (byte)'t', (byte)'Q', (byte)'K', 0, (byte)'K', rows, (byte)'K', columns, 0x86, (byte)'K', columns, (byte)'K', 1, 0x86, 0x89]);
            pickle.AddRange("ccollections\nOrderedDict\n)RtRs"u8);
            using var data = zip.CreateEntry($"adapter_model/data/{i}").Open();
            data.Write(MemoryMarshal.AsBytes<float>(values));
        }

        pickle.Add((byte)'.');
        using var stream = zip.CreateEntry("adapter_model/data.pkl").Open();
        stream.Write([.. pickle]);
    }

    private void Write(params (string Name, long[] Shape, float[] Values)[] tensors)
    {
        _folder.Write(PeftConfig.FileName, """{"peft_type":"LORA","r":2,"lora_alpha":4}""");
        var writer = new SafetensorsWriter();
        foreach (var (name, shape, values) in tensors)
            writer.Add(name, shape, values);
        writer.Write(_folder.File("adapter_model.safetensors"));
    }
}
