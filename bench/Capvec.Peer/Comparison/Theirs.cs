using System.Diagnostics;
using System.Text.Json;
using Capvec.Engine.Benchmarks;
using Capvec.Formats.Errors;
using Capvec.Peer.Llama;

namespace Capvec.Peer.Comparison;

/// <summary>llama.cpp's side, in a process of its own: reads a request a line from standard input and answers each with a line.</summary>
/// <param name="model">The model.</param>
/// <param name="threads">Threads that compute.</param>
internal sealed class Theirs(LlamaModel model, int threads) : IDisposable
{
    private readonly Dictionary<string, nint> _adapters = [];
    private (int Sequences, int Length) _size;
    private LlamaContext? _context;

    /// <summary>Serves until standard input ends.</summary>
    public static void Serve(string library, string path, int threads)
    {
        try
        {
            LlamaLibrary.Load(library);
            using var model = new LlamaModel(path);
            using var work = new Theirs(model, threads);
            Answer(new PeerAnswer(Vocabulary: model.Vocabulary));
            while (Console.In.ReadLine() is { } line)
                Answer(work.Run(JsonSerializer.Deserialize<PeerRequest>(line)!));
        }
        catch (CapvecException e)
        {
            Answer(new PeerAnswer(Error: e.Message));
        }

        static void Answer(PeerAnswer answer) => Console.Out.WriteLine(JsonSerializer.Serialize(answer));
    }

    /// <inheritdoc/>
    public void Dispose() => _context?.Dispose();

    private PeerAnswer Run(PeerRequest request) => request.Kind switch
    {
        "prefill" => new PeerAnswer(Prefill(request)),
        "decode" => new PeerAnswer(Decode(request)),
        "arms" => new PeerAnswer(Arms(request)),
        "greedy" => new PeerAnswer(Steps: Greedy(request)),
        "score" => new PeerAnswer(LogProbs: Score(request.Ids!)),
        _ => throw new CapvecException($"there is no work \"{request.Kind}\"."),
    };

    private double Prefill(PeerRequest request)
    {
        var context = Context(1, request.Prompt);
        var tokens = EngineTimer.Tokens(model.Vocabulary, request.Seed, request.Prompt);
        var start = Stopwatch.GetTimestamp();
        context.Decode([tokens], 0);
        return Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    // The tokens are given, so choosing them takes no time here.
    private double Decode(PeerRequest request)
    {
        var context = Context(request.Sequences, request.Prompt + request.Tokens);
        var tokens = Enumerable.Range(0, request.Sequences).Select(i => EngineTimer.Tokens(model.Vocabulary, (request.Seed * 1009) + i, request.Prompt + request.Tokens)).ToArray();
        context.Decode([.. tokens.Select(ids => ids[..request.Prompt])], 0);
        var start = Stopwatch.GetTimestamp();
        for (var position = request.Prompt; position < request.Prompt + request.Tokens; position++)
            context.Decode([.. tokens.Select(ids => ids[position..(position + 1)])], position);
        return Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    // One arm after the other, since a control vector belongs to a whole context; loading the model once for all is in llama.cpp's favour.
    private double Arms(PeerRequest request)
    {
        var context = Context(1, request.Prompt + request.Tokens);
        var prompt = EngineTimer.Tokens(model.Vocabulary, request.Seed, request.Prompt);
        var direction = EngineTimer.Direction(model.Hidden, request.Seed);
        var start = Stopwatch.GetTimestamp();
        foreach (var alpha in request.Alphas!)
        {
            context.Clear();
            context.Steer(request.Layer, direction, alpha);
            Continue(context, prompt, request.Tokens, logits => System.Numerics.Tensors.TensorPrimitives.IndexOfMax(logits));
        }

        var seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        context.Unsteer();
        return seconds;
    }

    private GreedyStep[] Greedy(PeerRequest request)
    {
        var context = Context(1, request.Ids!.Length + request.Tokens);
        if (request is { Vectors: { } file, Alphas: [var strength] })
            context.Steer(ControlVectorFile.Read(file, model.Layers, model.Hidden, strength));
        else if (request.Alphas is [var alpha])
            context.Steer(request.Layer, EngineTimer.Direction(model.Hidden, request.Seed), alpha);
        if (request.Adapter is { } path)
        {
            if (!_adapters.TryGetValue(path, out var adapter))
                _adapters[path] = adapter = model.LoadAdapter(path);
            context.Adapt(adapter);
        }

        var steps = new List<GreedyStep>();
        Continue(context, request.Ids, request.Tokens, logits =>
        {
            steps.Add(GreedyStep.Of(logits));
            return steps[^1].Token;
        });
        context.Unsteer();
        context.Adapt(0);
        return [.. steps];
    }

    // As many tokens a call as the library takes at most.
    private double[] Score(int[] ids)
    {
        var context = Context(1, ids.Length);
        var scores = new double[ids.Length - 1];
        for (var from = 0; from < scores.Length; from += LlamaContext.MostTokensOfACall)
        {
            var run = ids[from..Math.Min(scores.Length, from + LlamaContext.MostTokensOfACall)];
            context.Decode([run], from, all: true);
            for (var i = 0; i < run.Length; i++)
            {
                var logits = context.Logits(i);
                double largest = System.Numerics.Tensors.TensorPrimitives.Max(logits), sum = 0;
                foreach (var logit in logits)
                    sum += Math.Exp(logit - largest);
                scores[from + i] = logits[ids[from + i + 1]] - largest - Math.Log(sum);
            }
        }

        return scores;
    }

    private static void Continue(LlamaContext context, int[] prompt, int tokens, Func<ReadOnlySpan<float>, int> choose)
    {
        context.Decode([prompt], 0);
        var chosen = choose(context.Logits(prompt.Length - 1));
        for (var i = 1; i < tokens; i++)
        {
            context.Decode([[chosen]], prompt.Length + i - 1);
            chosen = choose(context.Logits(0));
        }
    }

    // A new size needs a new context; an old one is emptied.
    private LlamaContext Context(int sequences, int length)
    {
        if (_context is null || _size != (sequences, length))
        {
            _context?.Dispose();
            _context = new LlamaContext(model, sequences, length, threads);
            _size = (sequences, length);
        }

        _context.Clear();
        return _context;
    }
}
