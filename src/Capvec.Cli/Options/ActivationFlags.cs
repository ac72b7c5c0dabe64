using System.CommandLine;
using Capvec.Numerics.Kernels;

namespace Capvec.Cli.Options;

/// <summary>The options that say what activations are in products with quantised weights.</summary>
internal sealed class ActivationFlags
{
    private readonly Option<bool> _exact = new("--exact") { Description = "Multiply quantised weights with float32 activations: about half as fast, nothing rounded but what the file holds rounded." };
    private readonly Option<bool> _int8 = new("--int8") { Description = "Round activations to 8 bits beside quantised weights, as llama.cpp does, and not to 15: up to twice as fast with AVX512-VNNI, slower without. Changes nothing beside the 12-bit blocks of --fast." };

    /// <summary>Adds them to a command.</summary>
    public void AddTo(Command command)
    {
        command.Options.Add(_exact);
        command.Options.Add(_int8);
        command.Validators.Add(result =>
        {
            if (result.GetResult(_exact) is not null && result.GetResult(_int8) is not null)
                result.AddError("--exact and --int8 contradict each other; give one");
        });
    }

    /// <summary>Refuses --exact beside an option that rounds weights.</summary>
    public void ExactContradicts(Command command, Option<bool> other) => command.Validators.Add(result =>
    {
        if (result.GetResult(other) is not null && result.GetResult(_exact) is not null)
            result.AddError($"{other.Name} and {_exact.Name} contradict each other; give one");
    });

    /// <summary>What was chosen.</summary>
    public Activations Value(ParseResult arguments) => arguments.GetValue(_exact) ? Activations.Float32 : arguments.GetValue(_int8) ? Activations.Int8 : Activations.Int16;
}
