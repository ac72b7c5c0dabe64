using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Capvec.Engine.Benchmarks;
using Capvec.Engine.Conversion;
using Capvec.Engine.Interventions;
using Capvec.Engine.Loading;
using Capvec.Engine.Requests;
using Capvec.Engine.Scheduling;
using Capvec.Formats.Errors;
using Capvec.Formats.Gguf;
using Capvec.Numerics.Benchmarks;
using Capvec.Numerics.Kernels;
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
var model = new Option<string>("--model") { Description = "GGUF file that llama.cpp loads; for formats a model folder.", Required = true, Recursive = true };
var ours = new Option<string?>("--ours") { Description = "What Capvec loads, where it is not the same file: a folder with the same weights.", Recursive = true };
var library = new Option<string>("--library") { Description = "Folder of libllama.", Required = true, Recursive = true };
var threads = Number("--threads", "Threads of either side.", Environment.ProcessorCount);
threads.Recursive = true;
var fast = new Option<bool>("--fast") { Description = "Let Capvec round bf16, f16 and f32 weights to 12-bit blocks.", Recursive = true };
var exact = new Option<bool>("--exact") { Description = "Let Capvec keep activations float32 beside quantised weights.", Recursive = true };
var int8 = new Option<bool>("--int8") { Description = "Let Capvec round activations to 8 bits beside quantised weights, as llama.cpp does.", Recursive = true };
var runs = Number("--runs", "Runs that count; the median is shown.", 5);
var armRuns = Number("--arm-runs", "The same for the grid of strengths.", 3);
var cold = new Option<bool>("--cold") { Description = "Without the run that is not counted: for work so long that its first moments do not matter." };
var only = new Option<string?>("--only") { Description = "Measure only the work whose name holds this text.", HelpName = "TEXT" };
var json = new Option<bool>("--json") { Description = "Print one JSON object a line." };
var ids = new Option<int[]>("--ids") { Description = "The prompt's token ids; 20 random ones where left out.", AllowMultipleArgumentsPerToken = true };
var prompts = new Option<string?>("--prompts") { Description = "File with a prompt of token ids a line, in place of --ids; for perplexity the texts." };
var tokens = Number("--tokens", "Tokens to write.", 32);
var layer = Number("--layer", "0-based block to steer, not 0.", 1);
var alpha = Number("--alpha", "Strength of a random direction of length 1 at that block, or of --vectors; 0 for no steering.", 0f);
var vectors = new Option<string?>("--vectors") { Description = "GGUF control vector for both, in place of --layer: read by ggml for llama.cpp, by Capvec for Capvec." };
var layersAre = new Option<string?>("--layers-are") { Description = "How Capvec alone reads the layers of --vectors; another reading than resid_post must not agree." };
var adapter = new Option<string?>("--adapter") { Description = "LoRA adapter as a GGUF file, for both.", HelpName = "FILE.gguf" };
var peft = new Option<string?>("--adapter") { Description = "LoRA adapter (PEFT folder) that is converted too, for both.", HelpName = "FOLDER" };
var formatList = new Option<string[]>("--formats") { Description = "Formats to try.", AllowMultipleArgumentsPerToken = true, DefaultValueFactory = _ => [.. GgufConverter.Formats] };
var measure = new Command("measure", "Times both sides in turn.") { runs, armRuns, cold, only, json };
var compare = new Command("compare", "Compares greedy tokens and logits.") { ids, prompts, tokens, layer, alpha, vectors, layersAre, adapter };
var formats = new Command("formats", "Converts a model folder into each format, as capvec convert does, and compares greedy tokens and logits: a row of a table each.") { peft, formatList, tokens };
var perplexity = new Command("perplexity", "Compares how likely both sides find the same texts.") { prompts };
formats.SetAction(FormatsAsync);
perplexity.SetAction(PerplexityAsync);
measure.SetAction(MeasureAsync);
compare.SetAction(CompareAsync);
var root = new RootCommand("Capvec beside llama.cpp.") { model, ours, library, threads, fast, exact, int8, measure, compare, formats, perplexity };
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
                var times = await ComparedTimes.MeasureAsync(work, seed += 100, arguments.GetValue(cold));
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
        using var adapted = arguments.GetValue(adapter) is { } lora ? engine.Model.LoadAdapter(lora) : null;
        var tolerance = Agreement.ToleranceFor(arguments.GetRequiredValue(model));
        var all = new List<Agreement>();
        var moved = 0;
        foreach (var prompt in asked)
        {
            var request = new GenerationRequest { Prompt = prompt, MaxTokens = count, Steering = steering, Adapter = adapted };
            all.Add(await Agreement.OfAsync(
                engine, theirs, new PeerRequest("greedy", 1, Tokens: count, Layer: block, Alphas: strength == 0 ? null : [strength], Ids: prompt, Vectors: strength == 0 ? null : file, Adapter: arguments.GetValue(adapter)), request, tolerance));
            if (strength != 0 || adapted is not null)
                moved += (await engine.GenerateAsync(request with { Steering = SteeringPlan.None, Adapter = null })).Tokens.SequenceEqual(all[^1].Ours) ? 0 : 1;
        }

        return (all, strength != 0 || adapted is not null ? moved : (int?)null);
    });
    foreach (var (agreement, i) in agreements.Select((a, i) => (a, i)))
        Show(agreement, agreements.Count > 1 ? $"prompt {i + 1}: " : "");
    if (changed is { } count)
        Console.WriteLine($"{(arguments.GetValue(adapter) is null ? "steering changes" : "the adapter, and steering if any, change")} Capvec's tokens for {count} of {agreements.Count} prompts");
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
            + $"(root mean square; {agreement.Tolerance} is allowed), one logit by at most {agreement.Largest:F4}");
        if (agreement.FirstDifference is >= 0 and var at)
        {
            Console.WriteLine($"{name}first difference at token {at}: llama.cpp's first two candidates are {agreement.Theirs[at].Gap:F4} apart there, ours {agreement.Places[at].OurGap:F4}; "
                + $"the logits differ by up to {agreement.Places[at].Largest:F4}");
        }
    }
}

async Task<int> PerplexityAsync(ParseResult arguments, CancellationToken cancellation)
{
    // Rounding of activations, ours to 14 bits (8 with --int8) and theirs to 8, may change so much at most.
    const double most = 0.01;
    var list = arguments.GetValue(prompts) ?? throw new CapvecException("--prompts is missing: a file with a text of token ids a line was expected, as \"capvec tokenize --texts\" prints them.", exitCode: CapvecException.WrongUsage);
    var (mine, other, count) = await WithBothAsync(arguments, async (engine, theirs) =>
    {
        var (ownSum, theirSum, scored) = (0.0, 0.0, 0);
        foreach (var text in Prompts(list, engine.Model.Vocabulary).Where(text => text.Length > 1))
        {
            ownSum += (await engine.ForwardAsync(new ForwardRequest { Tokens = text, Logits = LogitRows.None, NextLogProbs = true }, cancellation)).NextLogProbs.Sum(p => (double)p);
            theirSum += theirs.Run(new PeerRequest("score", Ids: text)).LogProbs!.Sum();
            scored += text.Length - 1;
        }

        return scored > 0 ? (Math.Exp(-ownSum / scored), Math.Exp(-theirSum / scored), scored)
            : throw new CapvecException($"--prompts {list}: no line has two tokens; the first of a text is not scored, so there is nothing to compare.", exitCode: CapvecException.WrongUsage);
    });
    Console.WriteLine($"perplexity over {count} tokens: capvec {mine:F4}, llama.cpp {other:F4}, {(mine / other) - 1:+0.000%;-0.000%} (at most {most:0%} either way is allowed)");
    return Math.Abs((mine / other) - 1) <= most ? 0 : CapvecException.FailedJob;
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

// Prompts of random tokens, the same for every format.
async Task<int> FormatsAsync(ParseResult arguments, CancellationToken cancellation)
{
    const int promptCount = 5, promptLength = 20;
    var (source, lora, count) = (arguments.GetRequiredValue(model), arguments.GetValue(peft), arguments.GetValue(tokens));
    var folder = Directory.CreateTempSubdirectory("capvec-peer-");
    var holds = true;
    try
    {
        var (path, loraPath) = (Path.Combine(folder.FullName, "model.gguf"), lora is null ? null : Path.Combine(folder.FullName, "adapter.gguf"));
        if (loraPath is not null)
            _ = AdapterConverter.Convert(lora!, source, loraPath);
        Console.WriteLine("| model | stored as | equal tokens | same choices | rms difference (allowed) | largest | |\n|---|---|---|---|---|---|---|");
        foreach (var format in arguments.GetValue(formatList)!)
        {
            _ = GgufConverter.Convert(source, format, path);
            var all = await WithBothOfAsync(arguments, path, async (engine, theirs) =>
            {
                using var adapted = loraPath is null ? null : engine.Model.LoadAdapter(loraPath);
                var list = new List<Agreement>();
                for (var seed = 1; seed <= promptCount; seed++)
                {
                    var prompt = EngineTimer.Tokens(engine.Model.Vocabulary, seed, promptLength);
                    list.Add(await Agreement.OfAsync(
                        engine, theirs, new PeerRequest("greedy", seed, Tokens: count, Ids: prompt, Adapter: loraPath), new GenerationRequest { Prompt = prompt, MaxTokens = count, Adapter = adapted }, Agreement.ToleranceFor(path)));
                }

                return list;
            });
            var verdict = all.All(a => a.Holds);
            holds &= verdict;
            Console.WriteLine($"| {Path.GetFileName(Path.TrimEndingDirectorySeparator(source))}{(lora is null ? "" : $" + {Path.GetFileName(Path.TrimEndingDirectorySeparator(lora))}")} | {Types(path)} | {all.Count(a => a.FirstDifference < 0)} of {promptCount} | {all.Sum(a => a.SameChoices)} of {all.Sum(a => a.Places.Length)} "
                + $"| {all.Max(a => a.Worst):F4} ({all[0].Tolerance}) | {all.Max(a => a.Largest):F4} | {(verdict ? "agrees" : "**does not agree**")} |");
        }
    }
    finally
    {
        folder.Delete(recursive: true);
    }

    return holds ? 0 : CapvecException.FailedJob;

    // Which types the matrices of a file have, the most frequent first.
    static string Types(string path)
    {
        using var file = GgufFile.Open(path);
        return string.Join(", ", file.Tensors.Values.Where(t => t.Shape.Length == 2 && !t.Name.Contains("conv1d", StringComparison.Ordinal)).GroupBy(t => t.Type).OrderByDescending(g => g.Count()).Select(g => $"{g.Count()} {g.Key}"));
    }
}

Task<T> WithBothAsync<T>(ParseResult arguments, Func<InferenceEngine, PeerProcess, Task<T>> run) => WithBothOfAsync(arguments, arguments.GetRequiredValue(model), run);

async Task<T> WithBothOfAsync<T>(ParseResult arguments, string path, Func<InferenceEngine, PeerProcess, Task<T>> run)
{
    if (arguments.GetValue(exact) && arguments.GetValue(int8))
        throw new CapvecException("--exact and --int8 contradict each other; give one.", exitCode: CapvecException.WrongUsage);
    using var theirs = new PeerProcess(arguments.GetRequiredValue(library), path, arguments.GetValue(threads));
    using var loaded = LanguageModel.Load(arguments.GetValue(ours) ?? path, fast: arguments.GetValue(fast));
    if (loaded.Vocabulary != theirs.Vocabulary)
        throw new CapvecException($"{path} has {theirs.Vocabulary} tokens, --ours {loaded.Vocabulary}; give the same model to both.");
    // Few kept states, so that the cache is full after the first runs and takes its memory from itself, as it does in a long sweep; fresh memory is slow.
    using var engine = new InferenceEngine(loaded, new EngineOptions { Threads = arguments.GetValue(threads), Activations = arguments.GetValue(exact) ? Activations.Float32 : arguments.GetValue(int8) ? Activations.Int8 : Activations.Int16, CacheBytes = 256L << 20 });
    return await run(engine, theirs);
}
