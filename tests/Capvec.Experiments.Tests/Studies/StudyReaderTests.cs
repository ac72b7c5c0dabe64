using Capvec.Experiments.Studies;
using Capvec.Formats.Errors;
using Capvec.Numerics.Kernels;
using Capvec.Tests;
using FsCheck;
using FsCheck.Fluent;

namespace Capvec.Experiments.Tests.Studies;

public class StudyReaderTests
{
    private static readonly string File = Repository.File("studies", "test.yaml");

    private const string Whole = """
        name: whole
        question: Does it?
        model: ../models/phantom/checkpoint
        adapters:
          sft: ../models/phantom/adapters/sft
        tasks:
          folder: ../tasks/full
          include: ["log-*", "sum-*"]
          exclude: [sum-column-2]
          split: half
        sampling: {temperature: 0.5, top_k: 40, top_p: 0.9, min_p: 0.05, repetition_penalty: 1.1, max_turns: 4, max_reply_tokens: 120}
        seed: 18446744073709551615
        collect:
          arms: [base, sft]
          attempts: 3
        direction:
          positives: [{arm: sft, outcome: solved}]
          negatives: [{arm: base, outcome: failed}, {arm: sft, outcome: failed}]
          estimator: mean-difference
          positions: last-prompt
          mixed_tasks_only: true
        strength_unit: norm
        select:
          by: sweep
          layers: [5, 3]
          strengths: [0.5, -2]
          attempts: 2
          max_layers: 1
        sweep:
          attempts: 7
          layers: chosen
          strengths: chosen
          multi_layer:
            - {layers: [4, 2], strength: 0.25}
          adapters: []
        controls: {alpha_zero: false, random: true, negative: false, against_itself: true}
        compute: {concurrency: 8, threads: 1, permutations: 0}
        """;

    [Fact]
    public void Every_key_is_read()
    {
        var study = StudyReader.Parse(Whole, File);
        study.Name.ShouldBe("whole");
        study.Model.ShouldBe(Repository.File("models", "phantom", "checkpoint"));
        study.Adapters.ShouldBe([KeyValuePair.Create("sft", Repository.File("models", "phantom", "adapters", "sft"))]);
        study.Tasks.Folder.ShouldBe(Repository.File("tasks", "full"));
        study.Tasks.Include.ShouldBe(["log-*", "sum-*"]);
        study.Tasks.Exclude.ShouldBe(["sum-column-2"]);
        study.Tasks.Split.ShouldBe(TaskSplit.Half);
        study.Sampling.Options.ShouldBe(new() { Temperature = 0.5f, TopK = 40, TopP = 0.9f, MinP = 0.05f, RepetitionPenalty = 1.1f });
        (study.Sampling.MaxTurns, study.Sampling.MaxReplyTokens).ShouldBe((4, 120));
        study.Seed.ShouldBe(ulong.MaxValue);
        study.Collect.Arms.ShouldBe(["base", "sft"]);
        study.Collect.Attempts.ShouldBe(3);
        study.Direction.ToString().ShouldBe("sft solved minus base failed, sft failed, of tasks with traces on both sides");
        study.Direction.Positions.ShouldBe(TokenPositions.LastPrompt);
        study.StrengthUnit.ShouldBe(StrengthScale.Norm);
        study.Select!.By.ShouldBe(SelectionRule.Sweep);
        study.Select.Layers!.ShouldBe([3, 5]);
        study.Select.Strengths.ShouldBe([0.5, -2]);
        (study.Select.Attempts, study.Select.MaxLayers).ShouldBe((2, 1));
        study.Sweep.Attempts.ShouldBe(7);
        study.Sweep.Layers.ShouldBeNull();
        study.Sweep.Strengths.ShouldBeNull();
        study.Sweep.MultiLayer.Single().Layers.ShouldBe([2, 4]);
        study.Sweep.Adapters.ShouldBeEmpty();
        study.Controls.ShouldBe(new(AlphaZero: false, Random: true, Negative: false, AgainstItself: true));
        study.Compute.ShouldBe(new(8, 1, 0));
        study.Yaml.ShouldBe(Whole);
    }

    [Fact]
    public void Model_and_adapters_may_be_gguf_files()
    {
        var text = Whole.Replace("../models/phantom/checkpoint", "../tests/fixtures/gguf/models/llama_tiny.F16.gguf", StringComparison.Ordinal).Replace("../models/phantom/adapters/sft", "../tests/fixtures/gguf/models/llama_tiny.cvec.gguf", StringComparison.Ordinal);
        var study = StudyReader.Parse(text, File);
        study.Model.ShouldBe(Repository.File("tests", "fixtures", "gguf", "models", "llama_tiny.F16.gguf"));
        study.Adapters.Single().Value.ShouldBe(Repository.File("tests", "fixtures", "gguf", "models", "llama_tiny.cvec.gguf"));
    }

    [Theory]
    [InlineData("", Activations.Int16)]
    [InlineData("activations: int8\n", Activations.Int8)]
    [InlineData("activations: float32\n", Activations.Float32)]
    public void Activations_are_15_bits_unless_said_otherwise(string line, Activations expected) =>
        StudyReader.Parse(Whole.Replace("seed:", line + "seed:", StringComparison.Ordinal), File).Activations.ShouldBe(expected);

    [Theory]
    [InlineData("seed: 18446744073709551615", "activations: int4\nseed: 1", ":12:14: activations is 'int4'")]
    [InlineData("model: ../models/phantom/checkpoint", "model: ../README.md", "expected a folder with config.json and safetensors files, or a .gguf file")]
    [InlineData("model: ../models/phantom/checkpoint", "model: ../none.gguf", "expected a folder with config.json and safetensors files, or a .gguf file")]
    [InlineData("attempts: 3", "attemps: 3", ":15:3: unknown key 'attemps' in collect (did you mean 'attempts'?); known are arms, attempts")]
    [InlineData("seed: 18446744073709551615", "sede: 1", ":12:1: unknown key 'sede' (did you mean 'seed'?)")]
    [InlineData("seed: 18446744073709551615", "seed: -1", ":12:7: seed is '-1'; expected a whole number from 0")]
    [InlineData("question: Does it?", "question:", ":2:10: question is empty; expected text")]
    [InlineData("question: Does it?\n", "", ":1:1: question is missing")]
    [InlineData("name: whole", "name: a/b", ":1:7: name is 'a/b'; expected at most 60 letters")]
    [InlineData("folder: ../tasks/full", "folder: ../tasks/nowhere", "there is no folder")]
    [InlineData("split: half", "split: halve", ":10:10: tasks.split is 'halve' (did you mean 'half'?); expected none or half")]
    [InlineData("temperature: 0.5", "temperature: warm", ":11:25: sampling.temperature is 'warm'; expected a number from 0 to 100")]
    [InlineData("attempts: 3", "attempts: 0", ":15:13: collect.attempts is '0'; expected a whole number from 1")]
    [InlineData("attempts: 3", "attempts: [3]", ":15:13: collect.attempts is a list; expected a whole number")]
    [InlineData("arms: [base, sft]", "arms: base", ":14:9: collect.arms is 'base'; expected a list")]
    [InlineData("arms: [base, sft]", "arms: [base, stf]", ":14:9: collect.arms names 'stf' (did you mean 'sft'?); known are base, sft")]
    [InlineData("arms: [base, sft]", "arms: [base, base]", ":14:16: collect.arms holds 'base' twice")]
    [InlineData("arms: [base, sft]", "arms: [sft]", "direction.negatives names 'base', which collect does not run")]
    [InlineData("{arm: sft, outcome: failed}", "{arm: sft, outcome: solved}", "direction.negatives holds 'sft solved', which is among the positives too")]
    [InlineData("outcome: failed}, {", "outcome: lost}, {", "outcome is 'lost'; expected solved or failed")]
    [InlineData("estimator: mean-difference", "estimator: pca", ":19:14: direction.estimator is 'pca' (did you mean 'lda'?); expected mean-difference")]
    [InlineData("mixed_tasks_only: true", "mixed_tasks_only: maybe", ":21:21: direction.mixed_tasks_only is 'maybe'; expected true or false")]
    [InlineData("by: sweep", "by: held-out-auc", ":26:14: select.strengths has no meaning with by: held-out-auc")]
    [InlineData("strengths: [0.5, -2]", "strengths: [0.5, 0]", "select.strengths holds 0, which steers nothing")]
    [InlineData("layers: chosen", "layers: [3]", "sweep.layers lists layers while sweep.strengths is chosen")]
    [InlineData("layers: [4, 2]", "layers: [4]", "sweep.multi_layer holds a set of one layer")]
    [InlineData("adapters: []", "adapters: [base]", "sweep.adapters names 'base', which is always tested")]
    [InlineData("random: true", "random: [true]", "controls.random is a list; expected true or false")]
    [InlineData("seed: 18446744073709551615", "seed: 1\nseed: 2", ":13:1: not valid YAML")]
    [InlineData("collect:", "collect: {", "not valid YAML")]
    public void What_cannot_be_meant_is_refused_with_its_place(string from, string to, string expected)
    {
        Whole.ShouldContain(from);
        var error = Should.Throw<CapvecException>(() => StudyReader.Parse(Whole.Replace(from, to, StringComparison.Ordinal), File));
        error.Message.ShouldStartWith(File + ":");
        error.Message.ShouldContain(expected);
        error.Message.ShouldNotContain("\n");
        error.ExitCode.ShouldBe(CapvecException.WrongUsage);
    }

    [Fact]
    public void Something_has_to_choose_what_is_chosen()
    {
        var without = Whole[..Whole.IndexOf("select:", StringComparison.Ordinal)] + Whole[Whole.IndexOf("sweep:\n", StringComparison.Ordinal)..];
        Should.Throw<CapvecException>(() => StudyReader.Parse(without, File)).Message.ShouldContain("sweep.layers is chosen, but nothing chooses it; add a select section");
        var listed = without.Replace("layers: chosen", "layers: [3]", StringComparison.Ordinal).Replace("strengths: chosen", "strengths: [4]", StringComparison.Ordinal);
        // The first half still makes the direction.
        StudyReader.Parse(listed, File).Tasks.Split.ShouldBe(TaskSplit.Half);
        StudyReader.Parse(listed.Replace("split: half", "split: none", StringComparison.Ordinal), File).Sweep.Strengths!.ShouldBe([4]);
    }

    [Fact]
    public void Whatever_is_done_to_the_text_it_is_read_or_refused_in_a_line()
    {
        var mutations = from at in Gen.Choose(0, Whole.Length - 1) from length in Gen.Choose(0, 12) from put in Gen.Elements("", ":", "-", "{", "]", "\"", "'", "&a", "*a", "!!int", "\n", "  ", "\t", "|", "?", "1e999", "\u0001", "<<: ") select (at, length, put);
        Prop.ForAll(mutations.ToArbitrary(), m =>
        {
            var text = Whole[..m.at] + m.put + Whole[Math.Min(Whole.Length, m.at + m.length)..];
            try
            {
                StudyReader.Parse(text, File).Yaml.ShouldBe(text);
            }
            catch (CapvecException e)
            {
                e.Message.ShouldStartWith(File + ":");
            }
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(2000));
    }

    [Fact]
    public void A_file_that_is_no_study_is_refused()
    {
        Should.Throw<CapvecException>(() => StudyReader.Load(Repository.File("studies", "none.yaml"))).Message.ShouldContain("cannot read the study");
        Should.Throw<CapvecException>(() => StudyReader.Parse("", File)).Message.ShouldContain("0 YAML documents");
        Should.Throw<CapvecException>(() => StudyReader.Parse("- a", File)).Message.ShouldContain("the file is a list; expected a mapping");
        Should.Throw<CapvecException>(() => StudyReader.Parse("a: 1\n---\nb: 2", File)).Message.ShouldContain("2 YAML documents");
    }
}
