using System.Net;
using Capvec.Engine.Loading;
using Capvec.Engine.Scheduling;
using Capvec.Formats.Errors;
using Capvec.Server.Chat;
using Capvec.Server.Errors;
using Capvec.Server.Models;
using Capvec.Server.Steering;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.HostFiltering;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Capvec.Server.Hosting;

/// <summary>
/// The HTTP API over one loaded model: OpenAI's chat completions with a steering field. Listens on loopback unless told otherwise, wants a
/// key anywhere else, opens no file that a request names, and bounds every request.
/// </summary>
public sealed class CapvecServer : IAsyncDisposable
{
    private readonly WebApplication _app;

    private CapvecServer(WebApplication app, IReadOnlyList<string> vectors) => (_app, Vectors) = (app, vectors);

    /// <summary>Ids that the steering field may name.</summary>
    public IReadOnlyList<string> Vectors { get; }

    /// <summary>Where it listens, for example http://127.0.0.1:8080.</summary>
    public string Address => _app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First();

    /// <summary>Starts to listen.</summary>
    /// <param name="text">The model; stays the caller's to dispose.</param>
    /// <param name="adapters">Adapters that requests may name as models of their own.</param>
    /// <param name="engine">Runs the model; stays the caller's.</param>
    /// <param name="options">Where to listen, and the bounds.</param>
    /// <param name="time">Clock.</param>
    /// <param name="cancellation">Gives up starting.</param>
    /// <exception cref="CapvecException">The address needs a key or cannot be listened on, or a vector file is broken.</exception>
    public static async Task<CapvecServer> StartAsync(
        TextModel text, IReadOnlyList<LoraAdapter> adapters, InferenceEngine engine, ServerOptions options, TimeProvider? time = null, CancellationToken cancellation = default)
    {
        time ??= TimeProvider.System;
        var address = options.Check();
        var models = new ModelCatalog(text, adapters);
        var vectors = new VectorCatalog(options, text.Model);
        var endpoint = new ChatEndpoint(engine, models, new ChatRequestReader(models, vectors, options), options, time);

        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.AddConsole(console => console.LogToStandardErrorThreshold = LogLevel.Trace).SetMinimumLevel(LogLevel.Warning)
            .AddFilter("Microsoft.Extensions.Hosting", LogLevel.None); // a failed start is told by the exception below
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = options.MaxBodyBytes;
            kestrel.Limits.MaxConcurrentConnections = 4L * options.MaxQueue;
            kestrel.Listen(address, options.Port);
        });
        builder.Services.Configure<HostFilteringOptions>(filter =>
        {
            // A page of another site that resolves its name to 127.0.0.1 comes with its own name: only ours are answered.
            if (IPAddress.IsLoopback(address))
                filter.AllowedHosts = ["localhost", "127.0.0.1", "[::1]"];
        });

        var app = builder.Build();
        app.Use(next => http => ErrorAnswer.HandleAsync(http, next));
        if (IPAddress.IsLoopback(address))
            app.UseHostFiltering();
        if (options.ApiKey is { } key)
        {
            var gate = new ApiKeyGate(key);
            app.Use(next => http => gate.HandleAsync(http, next));
        }

        var loaded = time.GetUtcNow().ToUnixTimeSeconds();
        ModelEntry Entry(ServedModel model) => new(
            model.Id, "model", loaded, "capvec", new ModelMeta(model.Fingerprint, text.Model.Layers, text.Model.Hidden, text.Model.Vocabulary, text.Model.MaxPositions, vectors.Ids));
        app.MapPost("/v1/chat/completions", endpoint.HandleAsync);
        app.MapGet("/v1/models", http => http.Response.WriteAsJsonAsync(new ModelList("list", [.. models.All.Select(Entry)]), ApiJson.Default.ModelList));
        app.MapGet("/v1/models/{id}", http => http.Response.WriteAsJsonAsync(Entry(models.Find((string?)http.Request.RouteValues["id"])), ApiJson.Default.ModelEntry));
        app.MapGet("/health", http => http.Response.WriteAsJsonAsync(new HealthStatus("ok"), ApiJson.Default.HealthStatus));
        app.MapGet("/v1/health", http => http.Response.WriteAsJsonAsync(new HealthStatus("ok"), ApiJson.Default.HealthStatus));

        try
        {
            await app.StartAsync(cancellation);
        }
        catch (IOException e)
        {
            await app.DisposeAsync();
            throw new CapvecException($"cannot listen on {options.Host} port {options.Port}: {e.Message.TrimEnd('.')}; stop what listens there or choose another --port (0 takes a free one).", e);
        }

        return new CapvecServer(app, vectors.Ids);
    }

    /// <summary>Listens until cancelled, then lets running replies end for a few seconds.</summary>
    public async Task RunAsync(CancellationToken cancellation)
    {
        try
        {
            await Task.Delay(Timeout.InfiniteTimeSpan, cancellation);
        }
        catch (OperationCanceledException)
        {
            await _app.StopAsync(CancellationToken.None);
        }
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _app.DisposeAsync();
}
