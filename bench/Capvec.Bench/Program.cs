using Capvec.Bench;
using Capvec.Formats.Errors;

// Speed of the engine on this machine. Usage:
//   dotnet run -c Release --project bench/Capvec.Bench -- engine MODEL_FOLDER [THREADS]
//   dotnet run -c Release --project bench/Capvec.Bench -- sharing MODEL_FOLDER PROMPT_TOKENS REPLY_TOKENS
//   dotnet run -c Release --project bench/Capvec.Bench -- make-model 0.8B OUT_FOLDER
try
{
    switch (args)
    {
        case ["engine", var folder]:
            await EngineBench.RunAsync(folder, Environment.ProcessorCount);
            return 0;
        case ["engine", var folder, var threads] when int.TryParse(threads, out var n) && n > 0:
            await EngineBench.RunAsync(folder, n);
            return 0;
        case ["sharing", var folder, var prompt, var reply] when int.TryParse(prompt, out var p) && p > 1 && int.TryParse(reply, out var r) && r > 0:
            await SharingBench.RunAsync(folder, p, r);
            return 0;
        case ["make-model", var size, var folder]:
            RandomModel.Write(size, folder);
            return 0;
        default:
            Console.Error.WriteLine("usage: engine MODEL_FOLDER [THREADS] | sharing MODEL_FOLDER PROMPT_TOKENS REPLY_TOKENS | make-model 0.8B|4B OUT_FOLDER");
            return CapvecException.WrongUsage;
    }
}
catch (CapvecException e)
{
    Console.Error.WriteLine($"bench: {e.Message}");
    return e.ExitCode;
}
