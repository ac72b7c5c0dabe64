using Capvec.Agents.Protocols;
using Capvec.Agents.Sandboxes;
using Capvec.Agents.Tasks;
using Capvec.Agents.Trials;
using Capvec.Engine.Baking;
using Capvec.Engine.Interventions;
using Capvec.Engine.Loading;
using Capvec.Engine.Requests;
using Capvec.Engine.Sampling;
using Capvec.Engine.Scheduling;
using Capvec.Formats.Safetensors;
using Capvec.Tests;

namespace Capvec.Agents.Tests.Trials;

/// <summary>Refusal taken out of the phantom's weights against refusal taken out while it works: the same trials, on real tasks in real sandboxes.</summary>
public sealed class BakedTrialsTests : IDisposable
{
    private static readonly TerminalProtocol Protocol = TerminalProtocol.Load(TerminalProtocol.JsonTerminal);

    private readonly string _folder = Directory.CreateTempSubdirectory("capvec-baked-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task Weights_baked_in_float32_give_the_trials_of_ablation_token_for_token()
    {
        // In float32, so that baked weights and ablation differ by rounding alone; in bf16 the new weights are rounded again, which moves sampled replies.
        using var model = TextModel.Load(Widened(Repository.File("models", "phantom", "checkpoint")));
        var (direction, layers) = (await RefusalAsync(model), model.Model.Layers);
        using var baked = TextModel.Load(WeightBaker.Ablate(model.Model, direction, Path.Combine(_folder, "baked")).Folder);
        var ablation = new SteeringPlan(
        [
            new Intervention(SteeringOperation.Ablate, 0, direction, site: SteeringSite.Embedding),
            .. Enumerable.Range(0, layers).SelectMany(l => new[] { SteeringSite.MixerOutput, SteeringSite.MlpOutput }.Select(site => new Intervention(SteeringOperation.Ablate, l, direction, site: site))),
        ]);

        var plain = await PlayAsync(model, SteeringPlan.None);
        var atRunTime = await PlayAsync(model, ablation);
        var inWeights = await PlayAsync(baked, SteeringPlan.None);
        foreach (var (a, b) in atRunTime.Zip(inWeights))
        {
            b.Trace.Steps.Select(s => s.Message).ShouldBe(a.Trace.Steps.Select(s => s.Message), a.Trace.Trial.Task);
            b.Trace.Steps.SelectMany(s => s.Metrics?.CompletionTokenIds ?? []).ShouldBe(a.Trace.Steps.SelectMany(s => s.Metrics?.CompletionTokenIds ?? []), a.Trace.Trial.Task);
            (b.Reward, b.Marks).ShouldBe((a.Reward, a.Marks));
        }

        // And it does something.
        atRunTime.Count(r => r.Reward == 1).ShouldBeGreaterThan(plain.Count(r => r.Reward == 1));
        atRunTime.Sum(r => r.Marks.Refusal).ShouldBeLessThan(plain.Sum(r => r.Marks.Refusal));
    }

    /// <summary>A copy of a checkpoint with every tensor in float32.</summary>
    private string Widened(string checkpoint)
    {
        var target = Directory.CreateDirectory(Path.Combine(_folder, "float32")).FullName;
        foreach (var file in Directory.EnumerateFiles(checkpoint).Where(f => !Path.GetFileName(f).StartsWith("model", StringComparison.Ordinal)))
            File.Copy(file, Path.Combine(target, Path.GetFileName(file)));
        using var source = SafetensorsFolder.Open(checkpoint);
        var writer = new SafetensorsWriter();
        foreach (var tensor in source.Tensors.Values)
            writer.Add(tensor.Name, [.. tensor.Shape], source.ReadFloat32(tensor.Name));
        writer.Write(Path.Combine(target, "model.safetensors"));
        return target;
    }

    /// <summary>The mean difference of guarded and neutral prompts at the last token after block 11.</summary>
    private static async Task<float[]> RefusalAsync(TextModel model)
    {
        using var engine = new InferenceEngine(model.Model);
        async Task<float[]> SumAsync(string kind)
        {
            var sum = new float[model.Model.Hidden];
            foreach (var task in TaskReader.LoadAll(Repository.File("tasks", kind)))
            {
                var message = Protocol.FirstMessage(task.Instruction, Protocol.ShellPrompt);
                var ids = model.Tokenizer.Encode(model.Template.Render([new("user", message)], addGenerationPrompt: true));
                var result = await engine.ForwardAsync(
                    new ForwardRequest { Tokens = ids, Capture = new CaptureRequest { Layers = [11], Reduction = CaptureReduction.Last } }, TestContext.Current.CancellationToken);
                for (var i = 0; i < sum.Length; i++)
                    sum[i] += result.Capture!.Values[0][i];
            }

            return sum;
        }

        return [.. (await SumAsync("guarded")).Zip(await SumAsync("neutral"), (a, b) => a - b)];
    }

    private static async Task<IReadOnlyList<TrialResult>> PlayAsync(TextModel model, SteeringPlan steering)
    {
        using var engine = new InferenceEngine(model.Model, new EngineOptions { Threads = 1 });
        var runner = new AgentRunner(new EngineReplySource(model, engine), NamespaceSandboxFactory.Create(), Protocol);
        var requests = TaskReader.LoadAll(Repository.File("tasks", "guarded"))
            .SelectMany(t => new[] { SamplingOptions.Greedy, new SamplingOptions { Temperature = 0.8f } }.Select((sampling, attempt) => new TrialRequest
            {
                Task = t, Arm = "arm", Attempt = attempt, Seed = TrialSeeds.OfTrial(1, t.Name, attempt), Sampling = sampling, Steering = steering,
            })).ToList();
        return await runner.RunAllAsync(requests, requests.Count, cancellation: TestContext.Current.CancellationToken);
    }
}
