using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Capvec.Formats.Errors;

namespace Capvec.Peer.Comparison;

/// <summary>The process in which llama.cpp runs, seen from ours: its threads and its failures stay there.</summary>
internal sealed class PeerProcess : IDisposable
{
    private readonly Process _process;

    /// <summary>Starts it and waits until its model is loaded.</summary>
    /// <exception cref="CapvecException">The library or the model cannot be loaded.</exception>
    public PeerProcess(string library, string model, int threads)
    {
        var start = new ProcessStartInfo(Environment.ProcessPath!) { RedirectStandardInput = true, RedirectStandardOutput = true };
        foreach (var argument in new[] { "theirs", library, model, threads.ToString(CultureInfo.InvariantCulture) })
            start.ArgumentList.Add(argument);
        _process = Process.Start(start)!;
        Vocabulary = Read().Vocabulary;
    }

    /// <summary>Tokens of the vocabulary.</summary>
    public int Vocabulary { get; }

    /// <summary>Has a piece of work done.</summary>
    /// <exception cref="CapvecException">It failed, or the process ended.</exception>
    public PeerAnswer Run(PeerRequest request)
    {
        _process.StandardInput.WriteLine(JsonSerializer.Serialize(request));
        _process.StandardInput.Flush();
        return Read();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _process.StandardInput.Close();
        _process.WaitForExit();
        _process.Dispose();
    }

    private PeerAnswer Read()
    {
        var line = _process.StandardOutput.ReadLine() ?? throw new CapvecException("llama.cpp's process ended without an answer; its messages stand above.");
        var answer = JsonSerializer.Deserialize<PeerAnswer>(line)!;
        return answer.Error is { } error ? throw new CapvecException(error) : answer;
    }
}
