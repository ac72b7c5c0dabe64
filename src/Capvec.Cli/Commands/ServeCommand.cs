using System.CommandLine;
using System.Text.Json.Nodes;
using Capvec.Cli.Hosting;
using Capvec.Cli.Options;
using Capvec.Cli.Output;
using Capvec.Cli.Progress;
using Capvec.Server.Hosting;
using Capvec.Steering.Exchange;

namespace Capvec.Cli.Commands;

/// <summary>capvec serve: the HTTP API.</summary>
internal sealed class ServeCommand : CapvecCommand
{
    private const string KeyVariable = "CAPVEC_API_KEY";

    private readonly Option<string> _model = PathOptions.Model();
    private readonly Option<string> _adapters = PathOptions.Folder("--adapters", "Folder of LoRA adapters (PEFT folders, .gguf files); requests name each as a model of its own.", required: false);
    private readonly Option<string> _vectors = PathOptions.Folder("--vectors", "Folder of direction files; requests name them without folder and ending.", required: false);
    private readonly Option<string?> _layersAre = VectorOptions.LayersAre();
    private readonly Option<string> _host = new("--host") { Description = "Address to listen on; any but loopback needs a key.", DefaultValueFactory = _ => new ServerOptions().Host, HelpName = "ADDRESS" };
    private readonly Option<int> _port = NumberOptions.Number("--port", "Port; 0 takes a free one.", new ServerOptions().Port, 0, 65535);
    private readonly Option<string?> _key = new("--api-key") { Description = $"Key that requests must carry; better given as {KeyVariable}, which other users of the machine do not see.", HelpName = "KEY" };
    private readonly EngineFlags _engine = new();
    private readonly Option<int> _queue = NumberOptions.Number("--max-queue", "Most replies that run or wait at once.", new ServerOptions().MaxQueue, 1, 10_000);

    /// <summary>Makes the command.</summary>
    public ServeCommand(Option<bool> json)
        : base(
            "serve", "Answers OpenAI's chat API over HTTP, with a steering field. Ctrl-C stops it.",
            "capvec serve --model models/phantom/checkpoint --vectors runs/demo/vectors --port 8080", json)
    {
        foreach (var option in new Option[] { _model, _adapters, _vectors, _layersAre, _host, _port, _key, _queue })
            Options.Add(option);
        _engine.AddTo(this);
    }

    /// <inheritdoc/>
    protected override async Task<JsonObject?> RunAsync(ParseResult arguments, CommandOutput output, CancellationToken cancellation)
    {
        var options = new ServerOptions
        {
            Host = arguments.GetRequiredValue(_host),
            Port = arguments.GetValue(_port),
            ApiKey = arguments.GetValue(_key) ?? Environment.GetEnvironmentVariable(KeyVariable),
            VectorFolder = arguments.GetValue(_vectors),
            LayersAre = arguments.GetValue(_layersAre) is { } reading ? LayerReading.Parse(reading) : null,
            MaxQueue = arguments.GetValue(_queue),
        };
        options.Check();
        using var text = await _engine.LoadAsync(arguments, arguments.GetRequiredValue(_model), cancellation);
        var adapters = arguments.GetValue(_adapters) is { } folder
            ? Directory.EnumerateFileSystemEntries(folder).Where(path => Directory.Exists(path) || PathOptions.IsGguf(path)).Order(StringComparer.Ordinal).Select(path => ModelLoading.Adapter(text.Model, path)).ToList()
            : [];
        using var engine = _engine.Engine(arguments, text);
        CommandOutput.Remark(engine.Memory.Describe());
        await using var server = await CapvecServer.StartAsync(text, adapters, engine, options, cancellation: cancellation);
        output.Line($"listening on {server.Address} ({text.Model.Name}); POST {server.Address}/v1/chat/completions");
        output.Finish(new JsonObject
        {
            ["address"] = server.Address,
            ["models"] = new JsonArray([text.Model.Name, .. adapters.Select(adapter => JsonValue.Create(adapter.Name))]),
            ["vectors"] = new JsonArray([.. server.Vectors.Select(id => JsonValue.Create(id))]),
        });
        await server.RunAsync(cancellation);
        return null;
    }
}
