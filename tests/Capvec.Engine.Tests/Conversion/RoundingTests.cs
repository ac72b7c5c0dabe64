using Capvec.Engine.Conversion;
using Capvec.Engine.Loading;
using Capvec.Engine.Requests;
using Capvec.Engine.Scheduling;
using Capvec.Engine.Tests.Goldens;
using Capvec.Formats.Gguf;
using Capvec.Numerics.Kernels;

namespace Capvec.Engine.Tests.Conversion;

/// <summary>
/// What rounding weights does to logits is what rounding does, and nothing else: the quantised file computes what its rounded weights compute in float32, and these are as
/// far from the original as weights are that noise of the same size was added to.
/// </summary>
public sealed class RoundingTests : IDisposable
{
    private const int Draws = 8;
    private readonly string _folder = Directory.CreateTempSubdirectory("capvec-rounding-").FullName;

    public static TheoryData<string, string> Roundings { get; } = [.. TinyModel.All.SelectMany(name => new[] { "q8_0", "q4_0" }, (name, format) => (name, format))];

    [Theory]
    [MemberData(nameof(Roundings))]
    public async Task Rounded_weights_are_off_by_what_noise_of_their_steps_makes(string name, string format)
    {
        using var tiny = new TinyModel(name);
        var (exact, rounded) = (Path.Combine(_folder, "exact.gguf"), Path.Combine(_folder, "rounded.gguf"));
        GgufConverter.Convert(tiny.Folder, "f32", exact);
        GgufConverter.Convert(tiny.Folder, format, rounded);
        var tokens = tiny.Tokens("seq37.tokens");
        var original = await Logits(exact, tokens);
        var quantised = await Logits(rounded, tokens);

        // The same numbers in float32 give the same logits but for the order of sums.
        var widened = Path.Combine(_folder, "widened");
        FolderConverter.Convert(rounded, "f32", widened);
        var same = await Logits(widened, tokens);
        Compare.Rows(quantised, same, tiny.Model.Vocabulary, Tolerances.Logits, "the file against its own numbers");

        // Rounding errors are spread evenly over a step and have nothing to do with one another, as noise: the root mean square over all logits is the same but for chance.
        // That chance is large where few directions of the network amplify much, so it is given a factor of 3; errors in scales or in the order of a row are larger by far.
        var draws = new double[Draws];
        for (var draw = 0; draw < Draws; draw++)
        {
            var noisy = Path.Combine(_folder, $"noisy-{draw}.gguf");
            WriteNoisy(exact, rounded, noisy, new Random(draw));
            draws[draw] = Distance(await Logits(noisy, tokens), original);
        }

        var typical = Math.Sqrt(draws.Average(d => d * d));
        TestContext.Current.TestOutputHelper?.WriteLine($"{name} {format}: off by {Distance(quantised, original):G3} of the logits' length; noise {draws.Min():G3} to {draws.Max():G3}");
        Distance(quantised, original).ShouldBeInRange(typical / 3, typical * 3);
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private static async Task<float[]> Logits(string path, int[] tokens)
    {
        using var model = LanguageModel.Load(path);
        using var engine = new InferenceEngine(model, new EngineOptions { Activations = Activations.Float32 });
        return (await engine.ForwardAsync(new ForwardRequest { Tokens = tokens, Logits = LogitRows.All }, TestContext.Current.CancellationToken)).Logits;
    }

    private static double Distance(float[] actual, float[] expected) =>
        Math.Sqrt(actual.Zip(expected, (a, e) => Math.Pow((double)a - e, 2)).Sum() / expected.Sum(e => (double)e * e));

    // The exact weights and noise that is even over the step of each block of the rounded file.
    private static void WriteNoisy(string exactPath, string roundedPath, string path, Random random)
    {
        using var exact = GgufFile.Open(exactPath);
        using var rounded = GgufFile.Open(roundedPath);
        var writer = new GgufWriter();
        foreach (var (key, value) in exact.Metadata.Values)
            writer.Set(key, value);
        foreach (var tensor in exact.Tensors.Values)
        {
            var values = exact.ReadFloat32(tensor.Name);
            var type = rounded.Find(tensor.Name).Type;
            if (type == GgufType.F16)
            {
                foreach (ref var value in values.AsSpan())
                    value += (float)(Half)value == value ? 0 : (random.NextSingle() - 0.5f) * MathF.ScaleB(1, MathF.ILogB(value) - 10);
            }
            else if (type != GgufType.F32)
            {
                foreach (var block in Enumerable.Range(0, values.Length / type.BlockElements()).Select(i => new Range(i * type.BlockElements(), (i + 1) * type.BlockElements())))
                {
                    var largest = values[block].Max(Math.Abs);
                    var step = type switch
                    {
                        GgufType.Q8_0 => largest / 127,
                        GgufType.Q4_0 => largest / 8,
                        _ => throw new InvalidOperationException($"{tensor.Name} became {type}; rows of the tiny models are whole blocks of 32 or f16"),
                    };
                    foreach (ref var value in values.AsSpan(block))
                        value += (random.NextSingle() - 0.5f) * step;
                }
            }

            var columns = (int)tensor.Columns;
            writer.Add(tensor.Name, GgufType.F32, tensor.Shape, (row, to) => values.AsSpan((int)row * columns, to.Length).CopyTo(to));
        }

        writer.Write(path);
    }
}
