using System.CommandLine;
using Capvec.Cli.Output;
using Capvec.Steering.Directions;
using Capvec.Steering.Exchange;

namespace Capvec.Cli.Options;

/// <summary>Options that name direction files, and how their layers are counted.</summary>
internal static class VectorOptions
{
    /// <summary>What every --vector takes.</summary>
    public const string Files = "dir.safetensors, dir.pt, a folder with them, a GGUF control vector, or a file of another tool (docs/exchange.md); FILE#NAME takes one of several sets in a file";

    /// <summary>--layers-are.</summary>
    public static Option<string?> LayersAre() => new("--layers-are")
    {
        Description = "What the file's layer numbers count, where it does not say: resid_post (N is the output of the 0-based block N), hidden_states (0 is the embeddings), resid_pre (N is the input of block N), or the block of a single vector.",
        HelpName = "READING",
    };

    /// <summary>--random-direction.</summary>
    public static Option<ulong?> Random() => NumberOptions.Optional<ulong>("--random-direction", "A control: in place of the directions, random ones of the same lengths, drawn with this seed.", 0, ulong.MaxValue);

    /// <summary>Reads directions and says what a reader of them should know.</summary>
    public static (DirectionSet Set, string Format) Read(string source, string? layersAre)
    {
        var read = DirectionExchange.Read(source, layersAre is null ? null : LayerReading.Parse(layersAre));
        foreach (var note in read.Set.Notes)
            CommandOutput.Remark(note);
        return read;
    }
}
