using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Capvec.Engine.Benchmarks;
using Capvec.Engine.Interventions;
using Capvec.Engine.Loading;
using Capvec.Engine.Requests;
using Capvec.Engine.Scheduling;
using Capvec.Formats.Errors;
using Capvec.Numerics.Benchmarks;
using Capvec.Peer.Comparison;
using Capvec.Steering.Directions;
using Capvec.Steering.Exchange;

// Capvec beside llama.cpp: the same model, the same threads, in turn, as ratios. bench/peer installs llama.cpp, builds this and starts it; docs/bench.md says more.
CultureInfo.CurrentCulture = CultureInfo.DefaultThreadCurrentCulture = CultureInfo.InvariantCulture;
if (args is ["theirs", var itsLibrary, var itsModel, var itsThreads])
{
    Theirs.Serve(itsLibrary, itsModel, int.Parse(itsThreads, CultureInfo.InvariantCulture));
    return 0;
}

Option<T> Number<T>(string name, string description, T usual) => new(name) { Description = description, DefaultValueFactory = _ => usual };
var model = new Option<string>("--model") { Description = "GGUF file that llama.cpp loads.", Required = true, Recursive = true };
var ours = new Option<string?>("--ours") { Description = "What Capvec loads, where it is not the same file: a folder with the same weights.", Recursive = true };
var library = new Option<string>("--library") { Description = "Folder of libllama.", Required = true, Recursive = true };
var threads = Number("--threads", "Threads of either side.", Environment.ProcessorCount);
threads.Recursive = true;
var fast = new Option<bool>("--fast") { Description = "Let Capvec round bf16, f16 and f32 weights to 12-bit blocks.", Recursive = true };
var exact = new Option<bool>("--exact") { Description = "Let Capvec keep activations float32 beside quantised weights.", Recursive = true };
var runs = Number("--runs", "Runs that count; the median is shown.", 5);
var armRuns = Number("--arm-runs", "The same for the grid of strengths.", 3);
var only = new Option<string?>("--only") { Description = "Measure only the work whose name holds this text.", HelpName = "TEXT" };
var json = new Option<bool>("--json") { Description = "Print one JSON object a line." };
var ids = new Option<int[]>("--ids") { Description = "The prompt's token ids; 20 random ones where left out.", AllowMultipleArgumentsPerToken = true };
var prompts = new Option<string?>("--prompts") { Description = "File with a prompt of token ids a line, in place of --ids." };
var tokens = Number("--tokens", "Tokens to write.", 32);
var layer = Number("--layer", "0-based block to steer, not 0.", 1);
var alpha = Number("--alpha", "Strength of a random direction of length 1 at that block, or of --vectors; 0 for no steering.", 0f);
var vectors = new Option<string?>("--vectors") { Description = "GGUF control vector for both, in place of --layer: read by ggml for llama.cpp, by Capvec for Capvec." };
var layersAre = new Option<string?>("--layers-are") { Description = "How Capvec alone reads the layers of --vectors; another reading than resid_post must not agree." };
var measure = new Command("measure", "Times both sides in turn.") { runs, armRuns, only, json };
var compare = new Command("compare", "Compares greedy tokens and logits.") { ids, prompts, tokens, layer, alpha, vectors, layersAre };
measure.SetAction(MeasureAsync);
compare.SetAction(CompareAsync);
var root = new RootCommand("Capvec beside llama.cpp.") { model, ours, library, threads, fast, exact, measure, compare };
try
{
    return await root.Parse(args).InvokeAsync(new InvocationConfiguration { EnableDefaultExceptionHandler = false });
}
catch (CapvecException e)
{
    Console.Error.WriteLine($"peer: {e.Message}");
    return e.ExitCode;
}

async Task<int> MeasureAsync(ParseResult arguments, CancellationToken cancellation)
{
    await WithBothAsync(arguments, async (engine, theirs) =>
    {
        if (MachineLoad.Remark() is { } remark)
            Console.Error.WriteLine(remark);
        var measurements = new Measurements(engine, theirs, arguments.GetValue(runs), arguments.GetValue(armRuns));
        var seed = 1;
        async Task TableAsync(IEnumerable<ComparedWork> all, string first, string second)
        {
            var works = all.Where(work => work.Name.Contains(arguments.GetValue(only) ?? "", StringComparison.Ordinal)).ToList();
            if (works.Count == 0)
                return;
            if (!arguments.GetValue(json))
                Console.WriteLine($"\n{"work",-62} {first,14} {second,14}   ratio  (lowest to highest)");
            foreach (var work in works)
            {
                var times = await ComparedTimes.MeasureAsync(work, seed += 100);
                Console.WriteLine(arguments.GetValue(json)
                    ? JsonSerializer.Serialize(new { work = work.Name, tokens = work.Amount, first, second, firstSeconds = times.First, secondSeconds = times.Second, times.Ratio, times.Lowest, times.Highest, work.Runs })
                    : $"{work.Name,-62} {Show(work, times.First),14} {Show(work, times.Second),14} {times.Ratio,7:F3}  ({times.Lowest:F3} to {times.Highest:F3})");
            }
        }

        await TableAsync(measurements.WithPeer(), "capvec", "llama.cpp");
        await TableAsync(measurements.OfOurs(), "capvec with", "without");
        return true;
    });
    return 0;

    static string Show(ComparedWork work, double seconds) => work.Amount == 0 ? $"{seconds:F2} s" : $"{work.Amount / seconds:F1} tok/s";
}

async Task<int> CompareAsync(ParseResult arguments, CancellationToken cancellation)
{
    var (agreements, changed) = await WithBothAsync(arguments, async (engine, theirs) =>
    {
        int[][] asked = arguments.GetValue(prompts) is { } list ? Prompts(list, engine.Model.Vocabulary)
            : [arguments.GetValue(ids) is { Length: > 0 } given ? given : EngineTimer.Tokens(engine.Model.Vocabulary, 1, 20)];
        var (count, block, strength) = (arguments.GetValue(tokens), arguments.GetValue(layer), arguments.GetValue(alpha));
        var file = arguments.GetValue(vectors);
        if (file is null && strength != 0 && (block < 1 || block >= engine.Model.Layers))
            throw new CapvecException($"--layer {block}: llama.cpp steers blocks 1 to {engine.Model.Layers - 1}.", exitCode: CapvecException.WrongUsage);
        var steering = strength == 0 ? SteeringPlan.None : file is null ? SteeringPlan.Add(block, EngineTimer.Direction(engine.Model.Hidden, 1), strength) : Steering(file, arguments.GetValue(layersAre), strength);
        var tolerance = Agreement.ToleranceFor(arguments.GetRequiredValue(model));
        var all = new List<Agreement>();
        var moved = 0;
        foreach (var prompt in asked)
        {
            var request = new GenerationRequest { Prompt = prompt, MaxTokens = count, Steering = steering };
            all.Add(await Agreement.OfAsync(
                engine, theirs, new PeerRequest("greedy", 1, Tokens: count, Layer: block, Alphas: strength == 0 ? null : [strength], Ids: prompt, Vectors: strength == 0 ? null : file), request, tolerance));
            if (strength != 0)
                moved += (await engine.GenerateAsync(request with { Steering = SteeringPlan.None })).Tokens.SequenceEqual(all[^1].Ours) ? 0 : 1;
        }

        return (all, strength != 0 ? moved : (int?)null);
    });
    foreach (var (agreement, i) in agreements.Select((a, i) => (a, i)))
        Show(agreement, agreements.Count > 1 ? $"prompt {i + 1}: " : "");
    if (changed is { } count)
        Console.WriteLine($"steering changes Capvec's tokens for {count} of {agreements.Count} prompts");
    if (agreements.Count > 1)
        Console.WriteLine($"equal tokens for {agreements.Count(a => a.FirstDifference < 0)} of {agreements.Count} prompts; over llama.cpp's tokens the same choice at {agreements.Sum(a => a.SameChoices)} of {agreements.Sum(a => a.Places.Length)} places");
    var holds = agreements.All(a => a.Holds);
    Console.WriteLine(holds ? agreements.All(a => a.FirstDifference < 0) ? "agrees: equal tokens" : "agrees: different tokens begin with near ties" : "does not agree");
    return holds ? 0 : CapvecException.FailedJob;

    static void Show(Agreement agreement, string name)
    {
        Console.WriteLine($"{name}capvec     {string.Join(' ', agreement.Ours)}");
        Console.WriteLine($"{name}llama.cpp  {string.Join(' ', agreement.Theirs.Select(step => step.Token))}");
        Console.WriteLine($"{name}over llama.cpp's tokens Capvec chooses the same at {agreement.SameChoices} of {agreement.Places.Length} places; logits of the likeliest candidates differ by at most {agreement.Worst:F4} standard deviations "
            + $"(root mean square; {agreement.Tolerance} is allowed)");
        if (agreement.FirstDifference is >= 0 and var at)
        {
            Console.WriteLine($"{name}first difference at token {at}: llama.cpp's first two candidates are {agreement.Theirs[at].Gap:F4} apart there, ours {agreement.Places[at].OurGap:F4}; "
                + $"the logits differ by up to {agreement.Places[at].Largest:F4}");
        }
    }
}

// A prompt a line, ids apart by blanks or commas, as "capvec tokenize --texts" prints them.
static int[][] Prompts(string path, int vocabulary)
{
    if (!File.Exists(path))
        throw new CapvecException($"--prompts {path}: there is no such file.", exitCode: CapvecException.WrongUsage);
    int[][] lines = [.. File.ReadLines(path).Where(line => line.Length > 0).Select((line, i) => line.Split([' ', ',', '[', ']'], StringSplitOptions.RemoveEmptyEntries)
        .Select(word => int.TryParse(word, NumberStyles.None, CultureInfo.InvariantCulture, out var id) && id < vocabulary
            ? id : throw new CapvecException($"--prompts {path} line {i + 1}: \"{word}\" is no token id of the model.", exitCode: CapvecException.WrongUsage)).ToArray())];
    return lines.Length > 0 && lines.All(line => line.Length > 0) ? lines : throw new CapvecException($"--prompts {path}: expected a prompt of token ids a line.", exitCode: CapvecException.WrongUsage);
}

// Every direction of the file at its own layer, as long as it is in the file.
static SteeringPlan Steering(string file, string? layersAre, float strength) => new(
    [.. DirectionFile.Load(file, layersAre is null ? null : LayerReading.Parse(layersAre)).Directions.Select(d => new Intervention(SteeringOperation.Add, d.Layer, d.Unit, (float)(strength * d.Scale)))]);

async Task<T> WithBothAsync<T>(ParseResult arguments, Func<InferenceEngine, PeerProcess, Task<T>> run)
{
    var path = arguments.GetRequiredValue(model);
    using var theirs = new PeerProcess(arguments.GetRequiredValue(library), path, arguments.GetValue(threads));
    using var loaded = LanguageModel.Load(arguments.GetValue(ours) ?? path, fast: arguments.GetValue(fast));
    if (loaded.Vocabulary != theirs.Vocabulary)
        throw new CapvecException($"{path} has {theirs.Vocabulary} tokens, --ours {loaded.Vocabulary}; give the same model to both.");
    // Few kept states, so that the cache is full after the first runs and takes its memory from itself, as it does in a long sweep; fresh memory is slow.
    using var engine = new InferenceEngine(loaded, new EngineOptions { Threads = arguments.GetValue(threads), Exact = arguments.GetValue(exact), CacheBytes = 256L << 20 });
    return await run(engine, theirs);
}
