using System.CommandLine;
using System.Globalization;
using Capvec.Engine.Loading;
using Capvec.Formats.Errors;
using Capvec.Numerics.Kernels;
using Capvec.Soak;

// Mixed load for an hour: no wrong result, no growth of memory. bench/soak builds this and starts it; docs/bench.md says more.
CultureInfo.CurrentCulture = CultureInfo.DefaultThreadCurrentCulture = CultureInfo.InvariantCulture;
var minutes = new Option<double>("--minutes") { Description = "How long.", DefaultValueFactory = _ => 60 };
var seed = new Option<ulong>("--seed") { Description = "Seed of the requests.", DefaultValueFactory = _ => 1 };
var clients = new Option<int>("--clients") { Description = "Requests under way at once.", DefaultValueFactory = _ => 24 };
var folder = new Option<string>("--model") { Description = "Model folder or GGUF file.", Required = true };
var adaptersOf = new Option<string?>("--adapters") { Description = "Folder of adapter folders; ../adapters of the model where left out." };
var int8 = new Option<bool>("--int8") { Description = "Round activations to 8 bits beside quantised weights." };
var root = new RootCommand("Mixed load on one engine, each result compared with the same request alone.") { minutes, seed, clients, folder, adaptersOf, int8 };
root.SetAction(RunAsync);
try
{
    return await root.Parse(args).InvokeAsync(new InvocationConfiguration { EnableDefaultExceptionHandler = false });
}
catch (CapvecException e)
{
    Console.Error.WriteLine($"soak: {e.Message}");
    return e.ExitCode;
}

async Task<int> RunAsync(ParseResult arguments, CancellationToken cancellation)
{
    var time = TimeSpan.FromMinutes(arguments.GetValue(minutes));
    if (time <= TimeSpan.Zero || arguments.GetValue(clients) < 1)
        throw new CapvecException("--minutes and --clients have to be above 0.", exitCode: CapvecException.WrongUsage);
    using var model = LanguageModel.Load(arguments.GetRequiredValue(folder));
    var adaptersAt = arguments.GetValue(adaptersOf) ?? Path.Combine(arguments.GetRequiredValue(folder), "..", "adapters");
    LoraAdapter[] adapters = Directory.Exists(adaptersAt) ? [.. Directory.GetDirectories(adaptersAt).Order(StringComparer.Ordinal).Select(model.LoadAdapter)] : [];
    using var run = new SoakRun(model, new RequestMaker(model, adapters, arguments.GetValue(seed)), arguments.GetValue(clients), arguments.GetValue(int8) ? Activations.Int8 : Activations.Int16);
    var start = DateTime.UtcNow;
    // A fifth of the time is warm-up, five minutes at most; some 100 looks at the memory.
    var warmUp = TimeSpan.FromMinutes(Math.Min(5, time.TotalMinutes / 5));
    await run.ForAsync(time, warmUp, time / 120, () => Console.Error.WriteLine(
        $"{(DateTime.UtcNow - start).TotalMinutes,6:F1} min  {run.Compared,8} equal  {run.Cancelled,6} cancelled  {run.Counters.RowsComputed,10} rows  {run.Counters.CachedTokens,9} from the cache  {Environment.WorkingSet >> 20,6} MiB"));

    foreach (var wrong in run.Wrong)
        Console.WriteLine($"wrong: {wrong}");
    var growth = run.Memory.End - run.Memory.Start;
    var grew = growth > MemoryWatch.MostGrowth;
    var nothing = run.Compared == 0;
    var verdict = run.Wrong.Count > 0 ? "WRONG RESULT" : grew ? "MEMORY GREW" : nothing ? "NOTHING WAS COMPARED" : "passed";
    Console.WriteLine(
        $"{verdict}: {run.Compared} results compared bit for bit with the same request alone, {run.Wrong.Count} wrong, {run.Cancelled} cancelled, {run.Counters.RowsComputed} rows, {run.Counters.CachedTokens} positions from the cache, {run.Counters.Evictions} states dropped, in {(DateTime.UtcNow - start).TotalMinutes:F1} min; "
        + $"memory {run.Memory.Start >> 20} MiB after warm-up, {run.Memory.End >> 20} MiB at the end ({growth / 1048576.0:+0.0;-0.0;0} MiB, {MemoryWatch.MostGrowth >> 20} allowed); seed {arguments.GetValue(seed)}");
    return run.Wrong.Count > 0 || grew || nothing ? CapvecException.FailedJob : 0;
}
