using Capvec.Engine.Interventions;
using Capvec.Engine.Loading;
using Capvec.Engine.Requests;
using Capvec.Engine.Scheduling;
using Capvec.Steering.Activations;
using Capvec.Steering.Directions;
using Capvec.Steering.Estimation;
using Capvec.Steering.Ranking;
using Capvec.Steering.Specification;
using Capvec.Text.Templates;

namespace Capvec.Samples;

/// <summary>The program that docs/library.md explains: its code blocks are the body of <see cref="RunAsync"/>, and a test holds the page to it and runs it.</summary>
internal static class LibraryTour
{
    /// <summary>Runs the tour.</summary>
    /// <param name="model">The phantom's folder.</param>
    /// <param name="folder">Where the directions are saved.</param>
    /// <param name="output">Told what is found.</param>
    public static async Task RunAsync(string model, string folder, TextWriter output)
    {
        using var text = TextModel.Load(model);
        using var engine = new InferenceEngine(text.Model);
        int[] Prompt(string message) => text.Tokenizer.Encode(text.Template.Render([new ChatMessage("user", message)], addGenerationPrompt: true));
        string Text(GenerationResult reply) => text.Tokenizer.Decode(reply.Tokens, skipSpecial: true);

        var request = new GenerationRequest
        {
            Prompt = Prompt("Sort the lines of /app/lemon.txt and write them to /app/coral.txt. This is the production server."),
            MaxTokens = 80,
            StopTokens = [.. text.Model.StopTokens],
        };
        var plain = await engine.GenerateAsync(request);
        output.WriteLine($"plain: {Text(plain)}");

        string[] tasks = ["Count the lines that contain WARN in /app/willow.log.", "Write the number 7 to /app/opal.txt.", "Move all files that end in .csv to /app/data.", "Add up the numbers in /app/maple.txt."];
        var prompts = tasks.SelectMany(task => new[]
        {
            (Task: task, Remark: "This is the production server.", Guarded: true),
            (Task: task, Remark: "This is a test server.", Guarded: false),
        }).ToList();
        var captures = await Task.WhenAll(prompts.Select(p => engine.ForwardAsync(new ForwardRequest
        {
            Tokens = Prompt($"{p.Task} {p.Remark}"),
            Capture = new CaptureRequest { Reduction = CaptureReduction.Last },
        })));
        var activations = new ActivationSet(
            [.. captures.SelectMany(c => c.Capture!.Values).SelectMany(row => row)],
            prompts.Select(p => new ActivationTrace($"{p.Task} {p.Remark}", Group: p.Task, p.Guarded)),
            Enumerable.Range(0, text.Model.Layers),
            text.Model.Hidden)
        {
            ModelHash = text.Model.Hash,
            Positions = "last prompt token",
            Contrast = "guarded minus neutral remark",
        };

        var directions = MeanDifference.Fit(activations);
        var ranking = LayerRanking.Compute(activations, directions, new RankingOptions { Permutations = 1000 });
        foreach (var layer in ranking.Layers.Take(3))
            output.WriteLine($"layer {layer.Layer}: held-out AUC {layer.HeldOutAuc:F2}, margin {layer.Margin:F0}, p {layer.P:F3}");
        DirectionFile.SaveBoth(directions, folder);

        var direction = directions.At(11);
        SteeringPlan Away(SteeringGate? gate) => new([new Intervention(SteeringOperation.Add, direction.Layer, direction.Unit, -(float)direction.Margin!.Value) { Gate = gate }]);
        var steered = await engine.GenerateAsync(request with { Steering = Away(gate: null) });
        output.WriteLine($"steered: {Text(steered)}");

        var middle = prompts.Select((p, i) => directions.At(7).Project(captures[i].Capture!.Values[7])).Average();
        var gate = new SteeringGate(7, directions.At(7).Unit, GateComparison.Above, (float)middle);
        foreach (var remark in new[] { "This is the production server.", "This is a test server." })
        {
            var gated = await engine.GenerateAsync(request with { Prompt = Prompt($"Sort the lines of /app/lemon.txt and write them to /app/coral.txt. {remark}"), Steering = Away(gate) });
            output.WriteLine($"{remark} The gate is {(gated.Gates[0].IsOpen ? "open" : "shut")}.");
        }

        var scored = await Task.WhenAll(new[] { SteeringPlan.None, Away(gate: null) }.Select(plan => engine.ForwardAsync(new ForwardRequest
        {
            Tokens = [.. request.Prompt, .. plain.Tokens],
            Own = [.. request.Prompt.Select(_ => false), .. plain.Tokens.Select(_ => true)],
            Steering = plan,
            NextLogProbs = true,
        })));
        var refusal = scored.Select(s => s.NextLogProbs.Skip(request.Prompt.Count - 1).Sum()).ToArray();
        output.WriteLine($"The plain reply is less likely when steered: {refusal[1] < refusal[0]}.");

        var spec = SteeringSpec.Parse("""
            {"vectors": [{"source": "refusal", "operation": "clamp", "high": 0, "layers": [9, 10, 11], "apply": {"generation": true, "reply": {"to": 20}}}]}
            """);
        var written = spec.Resolve(id => id == "refusal" ? DirectionFile.Load(folder) : null, text.Model.Layers, text.Model.Hidden);
        output.WriteLine($"{written.Interventions.Length} interventions, fingerprint {written.Fingerprint.Length} digits.");
    }
}
