using System.Text;
using Capvec.Tests;

namespace Capvec.Cli.Tests;

public sealed class BadInputTests
{
    private const string Model = "models/phantom/checkpoint";

    public static TheoryData<string, int, string> Wrong { get; } = new()
    {
        { "", 2, "no command given" },
        { "fly", 2, "'fly'" },
        { "tokenize --text a", 2, "'--model' is required" },
        { $"tokenize --model {Model}", 2, "either --text or --texts is needed" },
        { "tokenize --model /no/where --text a", 2, "--model /no/where: there is no such folder" },
        { "tokenize --model README.md --text a", 2, "README.md is a file; a model folder or a .gguf file was expected" },
        { "tokenize --model tasks --text a", 1, "tokenizer.json" },
        { $"tokenize --model {Model} --text a --frob", 2, "'--frob'" },
        { $"forward --model {Model} --ids 1,x --out /tmp/capvec-none", 2, "\"x\" is not a token id" },
        { $"forward --model {Model} --ids 2048 --out /tmp/capvec-none", 2, "\"2048\" is not a token id" },
        { $"forward --model {Model} --ids , --out /tmp/capvec-none", 2, "--ids is empty" },
        { $"forward --model {Model} --ids 1 --out /tmp", 2, "the name of a file was expected" },
        { $"forward --model {Model} --ids 1 --out /dev/null/f.safetensors", 1, "cannot write /dev/null/f.safetensors" },
        { $"forward --model {Model} --ids 1 --out /tmp/capvec-none --layer 3", 2, "--vector" },
        { $"forward --model {Model} --ids 1 --out /tmp/capvec-none --vector a.pt --alpha 1", 2, "--layer" },
        { $"forward --model {Model} --ids 1 --out /tmp/capvec-none --vector a.pt --layer 1", 2, "--alpha" },
        { $"forward --model {Model} --ids 1 --out /tmp/capvec-none --vector a.pt --layer 1 --alpha x", 2, "--alpha x" },
        { $"forward --model {Model} --ids 1 --out /tmp/capvec-none --vector /no/a.pt --layer 1 --alpha 1", 1, "/no/a.pt does not exist" },
        { $"forward --model {Model} --adapter tasks --ids 1 --out /tmp/capvec-none", 1, "adapter_config.json" },
        { $"steer --model {Model} --prompt a", 2, "give a --vector, or a --steering file" },
        { $"steer --model {Model} --prompt a --vector a.pt --layer 1 --alpha 1 --temperature -1", 2, "--temperature -1" },
        { $"steer --model {Model} --prompt a --vector a.pt --layer 1 --alpha 1 --exact --int8", 2, "--exact and --int8 contradict each other; give one" },
        { $"steer --model {Model} --prompt a --vector a.pt --layer 1 --alpha 1 --exact --fast", 2, "--fast and --exact contradict each other; give one" },
        { "bench kernels --exact --int8", 2, "--exact and --int8 contradict each other; give one" },
        { $"render --model {Model}", 2, "either --prompt or --messages is needed" },
        { $"render --model {Model} --messages /no/file.json", 2, "/no/file.json" },
        { "inspect", 2, "missing" },
        { "inspect /no/where", 2, "/no/where: there is no such file or folder" },
        { "inspect README.md", 2, ".md" },
        { "forward --model README.md --ids 1 --out out.safetensors", 2, "--model README.md is a file; a folder was expected, or a file that ends in .gguf" },
        { "forward --model /no/where.gguf --ids 1 --out out.safetensors", 2, "--model /no/where.gguf: there is no such folder" },
        { "forward --model tests/fixtures/gguf/models/llama_tiny.cvec.gguf --ids 1 --out /tmp/capvec-none", 1, "general.architecture \"controlvector\" is not supported" },
        // Files of steering are read before the model is, which may take a while.
        { "forward --model tests/fixtures/gguf/models/llama_tiny.cvec.gguf --ids 1 --out /tmp/capvec-none --vector /no/a.pt --layer 1 --alpha 1", 1, "/no/a.pt does not exist" },
        { "steer --model tests/fixtures/gguf/models/llama_tiny.cvec.gguf --prompt a --steering README.md", 2, "README.md: steering: not valid JSON (line 1, column 1)" },
        { "convert --out /tmp/capvec-none.gguf", 2, "--model is missing" },
        { $"convert --model {Model} --out /tmp/capvec-none", 2, "nothing to convert from a folder to a folder" },
        { $"convert --model {Model} --base {Model} --out /tmp/capvec-none.gguf", 2, "--base is for converting an adapter alone" },
        { $"convert --model {Model} --format q3_K --out /tmp/capvec-none.gguf", 2, "q3_K" },
        { "convert --model tests/fixtures/gguf/models/llama_tiny.F16.gguf --out /tmp/capvec-none.gguf", 2, "is a GGUF file already" },
        { "convert --model tests/fixtures/gguf/models/llama_tiny.F16.gguf --format q8_0 --out /tmp/capvec-none", 2, "format \"q8_0\" is not known; expected f32, bf16, f16" },
        { "convert --model tests/fixtures/gguf/models/llama_tiny.F16.gguf --out /dev/null/m", 1, "cannot make the folder /dev/null/m" },
        { $"convert --model {Model} --out /dev/null/m.gguf", 1, "cannot write /dev/null/m.gguf" },
        { "bench make-model --shape tiny --out /dev/null/m", 1, "cannot make the folder /dev/null/m" },
        { "bench make-model --shape tiny --format q8_0 --out /dev/null/m.gguf", 1, "cannot write /dev/null/m.gguf" },
        { "convert --adapter models/phantom/adapters/sft --out /tmp/capvec-none.gguf", 2, "does not say where its model is; give it with --base" },
        { $"convert --adapter models/phantom/adapters/sft --base {Model} --out /tmp/capvec-none", 2, "to merge it, give --model" },
        { $"convert --adapter models/phantom/adapters/sft --adapter models/phantom/adapters/dpo --base {Model} --out /tmp/capvec-none.gguf", 2, "several adapters and no --model" },
        { "convert --adapter models/phantom/adapters/sft --base tests/fixtures/models/llama-tiny --out /tmp/capvec-none.gguf", 1, "is the adapter for another one?" },
        { $"forward --model {Model} --adapter README.md --ids 1 --out /tmp/capvec-none", 2, "--adapter README.md is a file; a folder was expected, or a file that ends in .gguf" },
        { "inspect tasks/full", 2, "a folder of no known kind" },
        { "inspect tests/fixtures/gguf/models", 2, "is a folder with GGUF files; give one of them, such as tests/fixtures/gguf/models/llama_tiny.F16.gguf" },
        { $"render --model {Model} --prompt a --tools /no/tools.json", 2, "--tools: /no/tools.json does not exist" },
        { "bench kernels --formats q8_0 f17", 2, "--formats f17: one of Float32, BFloat16" },
        { $"serve --model {Model} --host 0.0.0.0", 2, "a key is needed" },
        { $"serve --model {Model} --host here", 2, "is not an address" },
        { $"serve --model {Model} --port 99999", 2, "--port 99999" },
    };

    [Theory]
    [MemberData(nameof(Wrong))]
    public async Task Wrong_input_gets_one_line_and_an_exit_code(string arguments, int exitCode, string says)
    {
        var run = await CapvecProcess.RunAsync(arguments.Split(' ', StringSplitOptions.RemoveEmptyEntries));
        run.ExitCode.ShouldBe(exitCode, run.Error);
        run.Output.ShouldBeEmpty();
        var line = run.ErrorLines.ShouldHaveSingleItem();
        line.ShouldStartWith("capvec: ");
        line.ShouldContain(says);
    }

    [Fact]
    public async Task With_json_a_failure_is_an_object_on_the_last_line_too()
    {
        var run = await CapvecProcess.RunAsync("inspect", "/no/where", "--json");
        run.ExitCode.ShouldBe(2);
        run.Json.GetProperty("ok").GetBoolean().ShouldBeFalse();
        run.Json.GetProperty("error").GetString().ShouldBe("/no/where: there is no such file or folder.");
        run.Json.GetProperty("exit_code").GetInt32().ShouldBe(2);
    }

    [Fact]
    public async Task A_truncated_safetensors_file_is_refused_with_its_name()
    {
        using var folder = new TemporaryFolder();
        var whole = await File.ReadAllBytesAsync(Repository.File("models/phantom/adapters/sft/adapter_model.safetensors"), TestContext.Current.CancellationToken);
        await File.WriteAllBytesAsync(folder.File("half.safetensors"), whole[..(whole.Length / 2)], TestContext.Current.CancellationToken);
        var run = await CapvecProcess.RunAsync("inspect", folder.File("half.safetensors"));
        run.ExitCode.ShouldBe(1);
        run.ErrorLines.ShouldHaveSingleItem().ShouldContain("half.safetensors");
    }

    [Theory]
    [InlineData("inspect PIPE.gguf", 1)]
    [InlineData("inspect PIPE.safetensors --hash", 1)]
    [InlineData("inspect PIPE.pt", 1)]
    [InlineData("inspect PIPE.json", 1)]
    [InlineData("inspect PIPE.yaml", 2)]
    [InlineData("forward --model PIPE.gguf --ids 1 --out /tmp/capvec-none", 1)]
    [InlineData("forward --model MODEL --ids 1 --out /tmp/capvec-none --vector PIPE.npy --layer 1 --alpha 1", 1)]
    [InlineData("forward --model MODEL --ids 1 --out /tmp/capvec-none --steering PIPE.json", 2)]
    [InlineData("tokenize --model PIPE.gguf --text a", 1)]
    [InlineData("tokenize --model MODEL --texts PIPE.jsonl", 2)]
    [InlineData("render --model MODEL --messages PIPE.json", 2)]
    [InlineData("render --model MODEL --prompt a --tools PIPE.json", 2)]
    [InlineData("convert --model PIPE.gguf --out /tmp/capvec-none", 1)]
    public async Task A_pipe_or_a_device_in_place_of_a_file_is_refused_and_not_waited_for(string arguments, int exitCode)
    {
        using var folder = new TemporaryFolder();
        var name = Path.Combine(folder.Path, "PIPE" + Path.GetExtension(arguments.Split(' ').First(word => word.StartsWith("PIPE", StringComparison.Ordinal))));
        using (var make = System.Diagnostics.Process.Start("mkfifo", [name]))
            await make.WaitForExitAsync(TestContext.Current.CancellationToken);
        foreach (var kind in new[] { "a pipe", "a device" })
        {
            using var process = CapvecProcess.Start([.. arguments.Split(' ').Select(word => word.Replace("MODEL", Model, StringComparison.Ordinal).Replace("PIPE", Path.Combine(folder.Path, "PIPE"), StringComparison.Ordinal))]);
            var error = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
            try
            {
                await process.WaitForExitAsync(TestContext.Current.CancellationToken).WaitAsync(TimeSpan.FromMinutes(1), TestContext.Current.CancellationToken);
            }
            finally
            {
                process.Kill();
            }

            process.ExitCode.ShouldBe(exitCode);
            (await error).Split('\n', StringSplitOptions.RemoveEmptyEntries).ShouldHaveSingleItem().ShouldContain($"{name} is {kind}; a file was expected");
            File.Delete(name);
            File.CreateSymbolicLink(name, "/dev/zero");
        }
    }

    [Theory]
    [InlineData("config.json", "", "config.json line 1: not valid JSON")]
    [InlineData("config.json", null, "no config.json here, though there are other files of a model")]
    [InlineData("generation_config.json", "[", "generation_config.json line 1: not valid JSON")]
    public async Task A_damaged_model_folder_is_an_error_and_not_a_model_of_an_unknown_kind(string file, string? content, string says)
    {
        using var folder = new TemporaryFolder();
        foreach (var path in Directory.EnumerateFiles(Repository.File(Model)))
            File.Copy(path, folder.File(Path.GetFileName(path)));
        File.Delete(folder.File(file));
        if (content is not null)
            await File.WriteAllTextAsync(folder.File(file), content, TestContext.Current.CancellationToken);
        var run = await CapvecProcess.RunAsync("inspect", folder.Path);
        run.ExitCode.ShouldBe(1);
        run.ErrorLines.ShouldHaveSingleItem().ShouldContain(says);
    }

    [Theory]
    [InlineData(new byte[0], "chat_template.jinja is empty")]
    [InlineData(new byte[] { (byte)'{', 0xFF, 0xFE }, "chat_template.jinja is not UTF-8 text (byte 1")]
    public async Task A_template_that_is_no_text_renders_nothing(byte[] content, string says)
    {
        using var folder = new TemporaryFolder();
        await File.WriteAllBytesAsync(folder.File("chat_template.jinja"), content, TestContext.Current.CancellationToken);
        var run = await CapvecProcess.RunAsync("render", "--model", folder.Path, "--prompt", "a");
        run.ExitCode.ShouldBe(1);
        run.Output.ShouldBeEmpty();
        run.ErrorLines.ShouldHaveSingleItem().ShouldContain(says);
    }

    [Fact]
    public async Task What_an_adapter_s_user_should_know_is_said_when_it_is_used()
    {
        using var folder = new TemporaryFolder();
        var config = await File.ReadAllTextAsync(Repository.File("models/phantom/adapters/sft/adapter_config.json"), TestContext.Current.CancellationToken);
        var edited = System.Text.Json.Nodes.JsonNode.Parse(config)!.AsObject();
        edited["init_lora_weights"] = "pissa";
        await File.WriteAllTextAsync(folder.File("adapter_config.json"), edited.ToJsonString(), TestContext.Current.CancellationToken);
        File.Copy(Repository.File("models/phantom/adapters/sft/adapter_model.safetensors"), folder.File("adapter_model.safetensors"));
        foreach (var arguments in new[] { $"forward --model {Model} --adapter {folder.Path} --ids 1 --out {folder.File("f.safetensors")}", $"convert --model {Model} --adapter {folder.Path} --out {folder.File("m.gguf")}" })
        {
            var run = await CapvecProcess.RunAsync(arguments.Split(' '));
            run.ExitCode.ShouldBe(0, run.Error);
            run.ErrorLines.ShouldHaveSingleItem().ShouldContain("init_lora_weights is 'pissa'");
        }
    }

    [Fact]
    public async Task A_pickle_that_wants_to_run_something_is_refused_and_runs_nothing()
    {
        using var folder = new TemporaryFolder();
        var witness = folder.File("ran");

        // cos.system applied to a command: what a hostile dir.pt does.
        await File.WriteAllBytesAsync(folder.File("dir.pt"), Encoding.ASCII.GetBytes($"cos\nsystem\n(S'touch {witness}'\ntR."), TestContext.Current.CancellationToken);
        foreach (var arguments in new[] { $"inspect {folder.File("dir.pt")}", $"forward --model {Model} --ids 1 --out {folder.File("f.safetensors")} --vector {folder.File("dir.pt")} --layer 1 --alpha 1" })
        {
            var run = await CapvecProcess.RunAsync(arguments.Split(' '));
            run.ExitCode.ShouldBe(1);
            run.ErrorLines.ShouldHaveSingleItem().ShouldContain("dir.pt");
        }

        File.Exists(witness).ShouldBeFalse();
    }
}
