using System.Text.Json;
using System.Text.Json.Nodes;
using Capvec.Agents.Protocols;
using Capvec.Agents.Tests.Trials;
using Capvec.Agents.Traces;
using Capvec.Agents.Trials;
using Capvec.Formats.Errors;

namespace Capvec.Agents.Tests.Traces;

public sealed class TraceFilesTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("capvec-traces-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task What_was_written_is_read_back_the_same()
    {
        var trace = await Trace();
        var path = TraceWriter.Write(_folder, trace);
        var read = TraceReader.Load(path);
        Json(read).ShouldBe(Json(trace));
        read.Messages().ShouldBe(trace.Messages());
        read.Trial.Seed.ShouldBe(ulong.MaxValue - 7);
        read.Steps[1].Metrics!.Logprobs.ShouldBe([-0.1f, -1e-30f, MathF.BitDecrement(0)]);
        read.Trial.Conversation!.Encoded().Own.ShouldBe([false, true, true, false, true]);
        Directory.GetFiles(_folder, "*", SearchOption.AllDirectories).ShouldBe([path]);
    }

    [Fact]
    public async Task The_file_has_the_fields_of_ATIF_and_leaves_out_what_is_not_there()
    {
        TraceWriter.WriteFile(Path.Combine(_folder, "t.json"), await Trace());
        var root = JsonNode.Parse(await File.ReadAllTextAsync(Path.Combine(_folder, "t.json"), TestContext.Current.CancellationToken))!;
        Keys(root).ShouldBe(["schema_version", "session_id", "agent", "steps", "final_metrics", "extra"]);
        root["schema_version"]!.GetValue<string>().ShouldBe("ATIF-v1.7");
        root["agent"]!.ToJsonString().ShouldBe("""{"name":"capvec","version":"0.1.0","model_name":"script"}""");
        Keys(root["steps"]![0]!).ShouldBe(["step_id", "timestamp", "source", "message"]);
        root["steps"]![0]!["source"]!.GetValue<string>().ShouldBe("user");
        root["steps"]![0]!["timestamp"]!.GetValue<string>().ShouldBe("2026-01-02T03:04:05+00:00");
        Keys(root["steps"]![1]!).ShouldBe(["step_id", "timestamp", "source", "model_name", "message", "tool_calls", "observation", "metrics", "extra"]);
        root["steps"]![1]!["tool_calls"]!.ToJsonString().ShouldBe(
            """[{"tool_call_id":"call_1_1","function_name":"bash_command","arguments":{"keystrokes":"ls\n","duration":0.1}},{"tool_call_id":"call_1_task_complete","function_name":"mark_task_complete","arguments":{}}]""");
        Keys(root["steps"]![1]!["metrics"]!).ShouldBe(["prompt_tokens", "completion_tokens", "cached_tokens", "prompt_token_ids", "completion_token_ids", "logprobs"]);
        root["final_metrics"]!.ToJsonString().ShouldBe("""{"total_prompt_tokens":2,"total_completion_tokens":3,"total_cached_tokens":1,"total_steps":3}""");
        root["extra"]!["capvec"]!["conversation"]!.ToJsonString().ShouldBe("""{"ids":[5,6,7,8,9],"own":[[1,3],[4,5]]}""");
        root["extra"]!["capvec"]!["stop_reason"]!.GetValue<string>().ShouldBe("turn_limit");
    }

    [Fact]
    public async Task A_reward_of_null_is_written_and_read_as_null()
    {
        var trace = await Trace();
        trace = trace with { Extra = new() { Capvec = trace.Trial with { Reward = null, Failure = "the verifier failed: no reward file" } } };
        var path = TraceWriter.Write(_folder, trace);
        (await File.ReadAllTextAsync(path, TestContext.Current.CancellationToken)).ShouldContain("\"reward\":null");
        TraceReader.Load(path).Trial.Reward.ShouldBeNull();
    }

    [Fact]
    public async Task Extensions_of_others_are_kept()
    {
        var path = await Written(root =>
        {
            root["extra"]!["other"] = JsonNode.Parse("""{"a": [1, null]}""");
            root["steps"]![1]!["extra"]!["their"] = 1;
        });
        var read = TraceReader.Load(path);
        read.Extra!.Other!["other"].GetRawText().ShouldBe("""{"a":[1,null]}""");
        Json(read).ShouldContain("\"their\":1");
    }

    [Theory]
    [InlineData("steps[1].metrics.logprobs[1]", "steps/1/metrics/logprobs/1", "\"x\"")]
    [InlineData("steps[0].timestamp is not a time in ISO 8601", "steps/0/timestamp", "\"noon\"")]
    [InlineData("steps[1].tool_calls is not a list", "steps/1/tool_calls", "1")]
    [InlineData("steps[1].metrics.prompt_tokens is not a whole number", "steps/1/metrics/prompt_tokens", "1.5")]
    [InlineData("steps[1].is_copied_context is not true or false", "steps/1/is_copied_context", "0")]
    [InlineData("extra.capvec.seed is not a whole number", "extra/capvec/seed", "-1")]
    [InlineData("steps[1].stepid is a key that does not belong there", "steps/1/stepid", "2")]
    [InlineData("colour", "colour", "1")]
    [InlineData("extra.capvec.colour", "extra/capvec/colour", "1")]
    [InlineData("extra.capvec.marks.parse_fail", "extra/capvec/marks/parse_fail", "0.5")]
    [InlineData("extra.capvec.stop_reason", "extra/capvec/stop_reason", "\"tired\"")]
    [InlineData("steps[0].source", "steps/0/source", "\"them\"")]
    [InlineData("steps[0].message", "steps/0/message", "null")]
    [InlineData("steps[0].message", "steps/0/message", "[{\"type\": \"text\", \"text\": \"a\"}]")]
    [InlineData("schema_version", "schema_version", "\"ATIF-v1.8\"")]
    [InlineData("schema_version", "schema_version", "\"ATIF-v1.75\"")]
    [InlineData("steps", "steps", "[]")]
    [InlineData("steps[2].step_id", "steps/2/step_id", "7")]
    [InlineData("steps[0].metrics", "steps/0/metrics", "{}")]
    [InlineData("steps[0].model_name", "steps/0/model_name", "\"m\"")]
    [InlineData("steps[1].llm_call_count", "steps/1/llm_call_count", "0")]
    [InlineData("steps[1].tool_calls[0].arguments", "steps/1/tool_calls/0/arguments", "[]")]
    [InlineData("steps[1].observation.results[0].source_call_id", "steps/1/observation/results/0/source_call_id", "\"call_9_9\"")]
    [InlineData("steps[1].metrics.logprobs", "steps/1/metrics/logprobs", "[0.5]")]
    [InlineData("extra.capvec.reward", "extra/capvec/reward", "1.5")]
    [InlineData("extra.capvec.failure", "extra/capvec/failure", "\"but it passed\"")]
    [InlineData("extra.capvec.conversation.own", "extra/capvec/conversation/own", "[[0, 6]]")]
    [InlineData("extra.capvec.conversation.own", "extra/capvec/conversation/own", "[[3, 4], [1, 2]]")]
    [InlineData("extra.capvec.conversation.own", "extra/capvec/conversation/own", "[[3]]")]
    public async Task A_broken_trace_is_refused_with_the_file_and_the_field(string field, string path, string value)
    {
        var file = await Written(root => Set(root, path, value));
        var message = Should.Throw<CapvecException>(() => TraceReader.Load(file)).Message;
        message.ShouldStartWith($"{file}: {field}");
        message.ShouldNotContain("System.");
        message.ShouldNotContain("Agents.");
    }

    [Fact]
    public async Task A_missing_field_is_named()
    {
        var file = await Written(root => root["steps"]![1]!.AsObject().Remove("source"));
        Should.Throw<CapvecException>(() => TraceReader.Load(file)).Message.ShouldMatch(@"t\.json: steps\[1\] lacks 'source'");
    }

    [Fact]
    public async Task A_key_that_stands_twice_is_refused()
    {
        var file = await Written(_ => { });
        await File.WriteAllTextAsync(file, (await File.ReadAllTextAsync(file, TestContext.Current.CancellationToken)).Replace("\"step_id\":1,", "\"step_id\":1,\"step_id\":1,"), TestContext.Current.CancellationToken);
        Should.Throw<CapvecException>(() => TraceReader.Load(file)).Message.ShouldContain("step_id stands there twice");
    }

    [Theory]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("{")]
    [InlineData("\0\0\0")]
    public void What_is_no_trace_is_refused(string text)
    {
        var file = Path.Combine(_folder, "t.json");
        File.WriteAllText(file, text);
        Should.Throw<CapvecException>(() => TraceReader.Load(file)).Message.ShouldStartWith(file);
    }

    [Fact]
    public async Task A_folder_is_read_in_the_order_of_its_paths()
    {
        var trace = await Trace();
        foreach (var (arm, task, attempt) in new[] { ("sft", "b", 0), ("base", "b", 1), ("base", "a", 0), ("base", "b", 0) })
            TraceWriter.Write(_folder, trace with { Extra = new() { Capvec = trace.Trial with { Arm = arm, Task = task, Attempt = attempt } } });
        TraceReader.LoadAll(_folder).Select(t => (t.Trial.Arm, t.Trial.Task, t.Trial.Attempt)).ShouldBe([("base", "a", 0), ("base", "b", 0), ("base", "b", 1), ("sft", "b", 0)]);
        Should.Throw<CapvecException>(() => TraceReader.LoadAll(Path.Combine(_folder, "none"))).Message.ShouldContain("none");
    }

    [Theory]
    [InlineData("base", "count-1", "base/count-1.0.json")]
    [InlineData("L3 α=4", "a/b", "L3__=4~")]
    [InlineData("..", ".hidden", "~")]
    public void Names_become_file_names_that_stay_in_the_folder_and_apart(string arm, string task, string start)
    {
        var path = Path.GetRelativePath(_folder, TraceWriter.PathOf(_folder, arm, task, 0));
        path.ShouldStartWith(start);
        path.Split('/').Length.ShouldBe(2);
        path.ShouldNotBe(Path.GetRelativePath(_folder, TraceWriter.PathOf(_folder, arm + "?", task, 0)));
    }

    [Fact]
    public async Task Keystrokes_and_text_of_any_kind_can_be_written()
    {
        var reply = $$"""{"analysis": "\ud800", "plan": "p", "commands": [{"keystrokes": "\ud800\u001b <>&'\u2028 日本 🎉"}]}""";
        var trace = await Trace(new Reply { Text = reply });
        var read = TraceReader.Load(TraceWriter.Write(_folder, trace));
        read.Steps[1].Message.ShouldBe(reply);
        read.Steps[1].ToolCalls![0].Arguments.GetProperty("keystrokes").GetString().ShouldBe("\ufffd\u001b <>&'\u2028 日本 🎉");
    }

    [Fact]
    public async Task Log_probabilities_that_are_no_numbers_are_left_out_and_that_is_said()
    {
        var trace = await Trace(new Reply { Text = "x", TokenIds = [1], LogProbs = [float.NaN] });
        var step = TraceReader.Load(TraceWriter.Write(_folder, trace)).Steps[1];
        step.Metrics!.Logprobs.ShouldBeNull();
        step.Extra!.Capvec!.NoLogprobs.ShouldBe("some were not finite");
    }

    private static async Task<Trajectory> Trace(Reply? reply = null)
    {
        reply ??= new Reply
        {
            Text = """{"analysis": "ü", "plan": "p", "commands": [{"keystrokes": "ls\n", "duration": 0.1}], "task_complete": true}""",
            PromptTokens = 2,
            CompletionTokens = 3,
            CachedTokens = 1,
            PromptIds = [5, 6],
            TokenIds = [7, 8, 2],
            LogProbs = [-0.1f, -1e-30f, MathF.BitDecrement(0)],
        };
        var runner = new AgentRunner(new ScriptedReplies(reply, new Reply { Text = "{" }), new ScriptedSandbox(_ => new("f\n", "", 0, false)), TerminalProtocol.Load(TerminalProtocol.JsonTerminal), new ManualTime());
        var result = await runner.RunAsync(Requests.Of("Zähle.") with { Seed = ulong.MaxValue - 7, MaxTurns = 2 }, TestContext.Current.CancellationToken);
        return result.Trace with
        {
            Extra = new() { Capvec = result.Trace.Trial with { Conversation = ConversationRecord.Of(new([5, 6, 7, 8, 9], [false, true, true, false, true])) } },
        };
    }

    private async Task<string> Written(Action<JsonNode> change)
    {
        var root = JsonNode.Parse(Json(await Trace()))!;
        change(root);
        var path = Path.Combine(_folder, "t.json");
        await File.WriteAllTextAsync(path, root.ToJsonString(), TestContext.Current.CancellationToken);
        return path;
    }

    private static void Set(JsonNode root, string path, string value)
    {
        var parts = path.Split('/');
        foreach (var part in parts[..^1])
            root = root is JsonArray list ? list[int.Parse(part)]! : root[part]!;
        if (root is JsonArray array)
            array[int.Parse(parts[^1])] = JsonNode.Parse(value);
        else
            root[parts[^1]] = JsonNode.Parse(value);
    }

    private static string Json(Trajectory trace) => JsonSerializer.Serialize(trace, TraceJson.Options);

    private static IEnumerable<string> Keys(JsonNode node) => node.AsObject().Select(p => p.Key);
}
