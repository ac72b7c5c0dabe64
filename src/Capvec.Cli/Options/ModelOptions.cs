using System.CommandLine;

namespace Capvec.Cli.Options;

/// <summary>Options that name model folders.</summary>
internal static class ModelOptions
{
    /// <summary>--model.</summary>
    public static Option<string> Model() => Folder("--model", "Model folder in the Hugging Face layout (config.json, safetensors, tokenizer.json).", required: true, "-m");

    /// <summary>--adapter.</summary>
    public static Option<string?> Adapter() => Folder("--adapter", "PEFT LoRA folder applied at run time.", required: false)!;

    /// <summary>An option whose value is a folder that exists.</summary>
    public static Option<string> Folder(string name, string description, bool required, params string[] aliases)
    {
        var option = new Option<string>(name, aliases) { Description = description, Required = required, HelpName = "FOLDER" };
        option.Validators.Add(result =>
        {
            foreach (var token in result.Tokens)
            {
                if (!Directory.Exists(token.Value))
                    result.AddError(File.Exists(token.Value) ? $"{name} {token.Value} is a file; a folder was expected" : $"{name} {token.Value}: there is no such folder");
            }
        });
        return option;
    }
}
