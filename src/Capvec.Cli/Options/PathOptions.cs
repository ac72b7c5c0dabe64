using System.CommandLine;

namespace Capvec.Cli.Options;

/// <summary>Options that name files and folders. Those that must be there are looked for before a command begins its work.</summary>
internal static class PathOptions
{
    /// <summary>--model: a folder or a GGUF file.</summary>
    public static Option<string> Model(bool required = true, string what = "Model")
    {
        var option = new Option<string>("--model", "-m")
        {
            Description = $"{what}: a folder in the Hugging Face layout (config.json, safetensors, tokenizer.json) or a .gguf file.", Required = required, HelpName = "PATH",
        };
        option.Validators.Add(result =>
        {
            foreach (var token in result.Tokens)
            {
                if (!Directory.Exists(token.Value) && !File.Exists(token.Value))
                    result.AddError($"--model {token.Value}: there is no such folder or file");
                else if (File.Exists(token.Value) && !token.Value.EndsWith(".gguf", StringComparison.OrdinalIgnoreCase))
                    result.AddError($"--model {token.Value} is a file; a model folder or a .gguf file was expected");
            }
        });
        return option;
    }

    /// <summary>--model, for commands that work with token ids alone and so need no tokenizer.</summary>
    public static Option<string> Weights()
    {
        var option = new Option<string>("--model", "-m") { Description = "Model folder in the Hugging Face layout (config.json, safetensors), or a GGUF file.", Required = true, HelpName = "FOLDER|FILE" };
        option.Validators.Add(result =>
        {
            foreach (var token in result.Tokens)
            {
                if (!(File.Exists(token.Value) && IsGguf(token.Value)) && FolderError("--model", token.Value) is { } error)
                    result.AddError(error + (File.Exists(token.Value) ? ", or a file that ends in .gguf" : ""));
            }
        });
        return option;
    }

    /// <summary>Whether a name is that of a GGUF file.</summary>
    public static bool IsGguf(string path) => Path.GetExtension(path).Equals(".gguf", StringComparison.OrdinalIgnoreCase);

    /// <summary>--adapter.</summary>
    public static Option<string> Adapter() => AdapterPaths(new Option<string>("--adapter"), "LoRA adapter, applied at run time: a PEFT folder or a .gguf file.");

    /// <summary>--adapter, as often as there are adapters.</summary>
    public static Option<string[]> Adapters(string description) => AdapterPaths(new Option<string[]>("--adapter") { DefaultValueFactory = _ => [] }, description);

    /// <summary>An option whose value is a folder that exists.</summary>
    public static Option<string> Folder(string name, string description, bool required)
    {
        var option = new Option<string>(name) { Description = description, Required = required, HelpName = "FOLDER" };
        option.Validators.Add(result =>
        {
            foreach (var token in result.Tokens)
            {
                if (FolderError(name, token.Value) is { } error)
                    result.AddError(error);
            }
        });
        return option;
    }

    /// <summary>An option whose value is a file that exists.</summary>
    public static Option<string> ExistingFile(string name, string description, bool required)
    {
        var option = new Option<string>(name) { Description = description, Required = required, HelpName = "FILE" };
        option.Validators.Add(result =>
        {
            foreach (var token in result.Tokens)
            {
                if (!File.Exists(token.Value))
                    result.AddError($"{name} {token.Value}: there is no such file");
            }
        });
        return option;
    }

    /// <summary>An option whose value is a file that will be written.</summary>
    public static Option<string> NewFile(string name, string description)
    {
        var option = new Option<string>(name, "-o") { Description = description, Required = true, HelpName = "FILE" };
        option.Validators.Add(result =>
        {
            foreach (var token in result.Tokens)
            {
                if (token.Value.Length == 0 || Directory.Exists(token.Value))
                    result.AddError($"{name} \"{token.Value}\" is {(token.Value.Length == 0 ? "empty" : "a folder")}; the name of a file was expected");
            }
        });
        return option;
    }

    /// <summary>An option whose value is a folder that will be made where it is missing.</summary>
    public static Option<string> NewFolder(string name, string description, bool required)
    {
        var option = new Option<string>(name, "-o") { Description = description, Required = required, HelpName = "FOLDER" };
        option.Validators.Add(result =>
        {
            foreach (var token in result.Tokens)
            {
                if (token.Value.Length == 0 || File.Exists(token.Value))
                    result.AddError($"{name} \"{token.Value}\" is {(token.Value.Length == 0 ? "empty" : "a file")}; a folder was expected");
            }
        });
        return option;
    }

    /// <summary>What is wrong with a folder that should be there, or null.</summary>
    public static string? FolderError(string name, string path)
    {
        if (Directory.Exists(path))
            return null;
        return File.Exists(path) ? $"{name} {path} is a file; a folder was expected" : $"{name} {path}: there is no such folder";
    }

    private static Option<T> AdapterPaths<T>(Option<T> option, string description)
    {
        (option.Description, option.HelpName) = (description, "PATH");
        option.Validators.Add(result =>
        {
            foreach (var token in result.Tokens)
            {
                if (!(File.Exists(token.Value) && IsGguf(token.Value)) && FolderError("--adapter", token.Value) is { } error)
                    result.AddError(error + (File.Exists(token.Value) ? ", or a file that ends in .gguf" : ""));
            }
        });
        return option;
    }
}
