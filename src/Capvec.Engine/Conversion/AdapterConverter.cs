using Capvec.Engine.Loading;
using Capvec.Engine.Lora;
using Capvec.Formats.Errors;
using Capvec.Formats.Gguf;
using Capvec.Formats.Peft;

namespace Capvec.Engine.Conversion;

/// <summary>Writes PEFT LoRA folders as GGUF files for llama.cpp. Unlike its own converter it keeps scales that differ from module to module, and those of rank-stabilised adapters.</summary>
public static class AdapterConverter
{
    /// <summary>Writes the file, in float32.</summary>
    /// <param name="adapter">A PEFT folder.</param>
    /// <param name="model">The model that it was trained on, folder or GGUF file: its shape decides the order of rows and columns. Only headers are read.</param>
    /// <param name="path">The file.</param>
    /// <returns>What the user should know, a line each.</returns>
    /// <exception cref="CapvecException">One of them cannot be read or is of an unsupported kind, or the adapter is for another model.</exception>
    public static IReadOnlyList<string> Convert(string adapter, string model, string path)
    {
        if (GgufFile.IsNamed(adapter))
            throw new CapvecException($"{adapter} is a file; adapters are written as GGUF from PEFT folders.", exitCode: CapvecException.WrongUsage);
        var config = PeftConfig.Load(adapter);
        using var files = ModelFiles.Open(model);
        var factors = AdapterFactors.Load(adapter, files.Family, files.Config);
        foreach (var module in factors.Modules.Where(m => !m.IsEmbedding))
        {
            if (!files.Source.Has(module.Path + ".weight"))
                throw new CapvecException($"{factors.Path}: module {module.Path} does not exist in {model}; is the adapter for another one?");
            files.Source.Check(module.Path + ".weight", module.Out, module.In);
        }

        factors.WriteGguf(files.Family, files.Config, config.Alpha, path);
        return config.Warnings;
    }
}
