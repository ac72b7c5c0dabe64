using Capvec.Formats.Errors;
using Capvec.Formats.Peft;
using Capvec.Formats.Tests.Files;

namespace Capvec.Formats.Tests.Peft;

public sealed class PeftConfigTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("model.layers.0.self_attn.q_proj", 4, 3.0)] // lora_alpha 12 / 4
    [InlineData("model.layers.0.self_attn.v_proj", 4, 5.0)] // alpha_pattern v_proj 20 / 4
    [InlineData("v_proj", 4, 5.0)]
    [InlineData("model.layers.0.self_attn.xv_proj", 4, 3.0)] // a key matches from a dot on, not within a name
    [InlineData("model.layers.13.mlp.down_proj", 2, 4.0)] // first match wins: 8 / 2
    [InlineData("model.layers.1.mlp.down_proj", 2, 3.0)]
    public void The_scale_takes_the_first_alpha_pattern_that_matches_from_a_dot_on(string module, int rank, double scale) =>
        Load(""" "lora_alpha":12,"alpha_pattern":{"v_proj":20,"layers\\.1[0-9]\\..*down_proj":8,"layers.1.mlp.down_proj":6,".*13.mlp.down_proj":99} """)
            .ScaleFor(module, rank).ShouldBe((float)scale);

    [Fact]
    public void Rank_stabilised_adapters_divide_by_the_root_of_the_rank()
    {
        var config = Load(""" "use_rslora":true,"lora_alpha":6,"rank_pattern":{"down_proj":9} """);
        config.ScaleFor("model.layers.0.mlp.up_proj", 4).ShouldBe(3f);
        config.RankFor("model.layers.0.mlp.down_proj").ShouldBe(9);
        config.RankFor("model.layers.0.mlp.up_proj").ShouldBe(4);
    }

    [Theory]
    [InlineData(""" "use_dora":true """, "use_dora is true")]
    [InlineData(""" "bias":"lora_only" """, "bias is \"lora_only\"")]
    [InlineData(""" "lora_bias":true """, "lora_bias")]
    [InlineData(""" "modules_to_save":["lm_head"] """, "modules_to_save is [\"lm_head\"]")]
    [InlineData(""" "layer_replication":[[0,4]] """, "layer_replication")]
    [InlineData(""" "trainable_token_indices":[1] """, "trainable_token_indices")]
    [InlineData(""" "target_parameters":["x"] """, "target_parameters")]
    [InlineData(""" "megatron_config":{"a":1} """, "megatron_config")]
    [InlineData(""" "fan_in_fan_out":true """, "fan_in_fan_out")]
    [InlineData(""" "use_qalora":true """, "use_qalora")]
    [InlineData(""" "use_bdlora":{"x":1} """, "use_bdlora")]
    [InlineData(""" "alora_invocation_tokens":[5] """, "alora_invocation_tokens")]
    [InlineData(""" "arrow_config":{"x":1} """, "arrow_config")]
    [InlineData(""" "kasa_config":{"x":1} """, "kasa_config")]
    [InlineData(""" "monteclora_config":{"x":1} """, "monteclora_config")]
    [InlineData(""" "use_something_new":true """, "use_something_new is true: this option is not known")]
    [InlineData(""" "alpha_pattern":{"(":1} """, "alpha_pattern has the key '('")]
    [InlineData(""" "rank_pattern":{"x":"y"} """, "rank_pattern['x']")]
    public void Options_that_cannot_be_honoured_are_refused_by_name(string options, string expected)
    {
        var message = Should.Throw<CapvecException>(() => Load(options)).Message;
        message.ShouldContain(expected);
        message.ShouldContain("adapter_config.json");
    }

    [Theory]
    [InlineData("""{"peft_type":"IA3","r":4,"lora_alpha":8}""", "peft_type is IA3")]
    [InlineData("""{"r":4,"lora_alpha":8}""", "peft_type is missing")]
    [InlineData("""{"peft_type":"LORA","lora_alpha":8}""", "'r' is missing")]
    [InlineData("""{"peft_type":"LORA","r":0,"lora_alpha":8}""", "'r' is 0")]
    [InlineData("""{"peft_type":"LORA","r":4.5,"lora_alpha":8}""", "'r' is 4.5")]
    [InlineData("""{"peft_type":"LORA","r":4,"lora_alpha":"8"}""", "'lora_alpha' is missing or not a number")]
    public void A_config_without_its_numbers_is_refused(string json, string expected)
    {
        var path = _folder.Write(PeftConfig.FileName, json);
        Should.Throw<CapvecException>(() => PeftConfig.Load(path)).Message.ShouldContain(expected);
    }

    [Theory]
    [InlineData(""" "init_lora_weights":"pissa_niter_4" """, "init_lora_weights is 'pissa_niter_4'")]
    [InlineData(""" "some_new_size":16 """, "some_new_size = 16")]
    public void Options_that_cast_doubt_are_warned_about(string options, string expected) =>
        Load(options).Warnings.ShouldHaveSingleItem().ShouldContain(expected);

    [Fact]
    public void Options_of_training_and_unknown_options_that_are_off_say_nothing() => Load("""
        "lora_dropout":0.1,"inference_mode":true,"task_type":"CAUSAL_LM","layers_to_transform":[0,2],"layers_pattern":"h","exclude_modules":["x"],"revision":"main",
        "bias":"none","use_dora":false,"modules_to_save":[],"megatron_core":"megatron.core","target_modules":".*q_proj","init_lora_weights":"gaussian",
        "new_thing":null,"newer_thing":false,"newest_thing":{},"text":"","base_model_name_or_path":"x"
        """).Warnings.ShouldBeEmpty();

    private PeftConfig Load(string options)
    {
        var standard = options.Contains("lora_alpha", StringComparison.Ordinal) ? "" : "\"lora_alpha\":8,";
        _folder.Write(PeftConfig.FileName, $$"""{"peft_type":"LORA","r":4,{{standard}}{{options}}}""");
        return PeftConfig.Load(_folder.Path);
    }
}
