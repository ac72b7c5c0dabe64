using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Capvec.Engine.Loading;
using Capvec.Engine.Scheduling;
using Capvec.Formats.Safetensors;
using Capvec.Server.Hosting;
using Capvec.Tests;

namespace Capvec.Server.Tests;

/// <summary>A real server over the real phantom on a port of its own, with one direction set "axes" (row l is axis l) and one "wide" of another model.</summary>
public sealed class PhantomServer : IAsyncLifetime
{
    public const string Key = "a key";
    private readonly string _vectors = Directory.CreateTempSubdirectory("capvec-test-").FullName;
    private CapvecServer? _server;

    internal TextModel Text { get; } = TextModel.Load(Repository.File("models/phantom/checkpoint"));

    internal InferenceEngine Engine { get; private set; } = null!;

    public HttpClient Http { get; } = new();

    public Uri Address => new(_server!.Address);

    internal string Vectors => _vectors;

    public async ValueTask InitializeAsync()
    {
        var axes = new float[12 * 256];
        for (var layer = 0; layer < 12; layer++)
            axes[(layer * 256) + layer] = 1;
        new SafetensorsWriter().Add("axes", [12, 256], axes).Write(Path.Combine(_vectors, "axes.safetensors"));
        new SafetensorsWriter().Add("wide", [2, 8], Enumerable.Repeat(1f, 16).ToArray()).Write(Path.Combine(_vectors, "wide.safetensors"));
        Engine = new InferenceEngine(Text.Model);
        _server = await StartAsync(new ServerOptions());
        Http.BaseAddress = Address;
    }

    /// <summary>Another server over the same engine.</summary>
    internal Task<CapvecServer> StartAsync(ServerOptions options) => CapvecServer.StartAsync(
        Text, [Text.Model.LoadAdapter(Repository.File("models/phantom/adapters/sft"))], Engine, options with { Port = 0, VectorFolder = _vectors }, cancellation: TestContext.Current.CancellationToken);

    /// <summary>Posts a chat request as raw JSON.</summary>
    public async Task<(HttpStatusCode Status, JsonElement Body, HttpResponseHeaders Headers)> ChatAsync(string json, HttpClient? http = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/chat/completions") { Content = new StringContent(json, Encoding.UTF8, "application/json") };

        // A server that refuses a body for its length closes the connection without reading it: ask before sending much.
        request.Headers.ExpectContinue = json.Length > 1 << 20;
        using var response = await (http ?? Http).SendAsync(request, TestContext.Current.CancellationToken);
        var text = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        return (response.StatusCode, JsonDocument.Parse(text).RootElement, response.Headers);
    }

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        await _server!.DisposeAsync();
        Engine.Dispose();
        Text.Dispose();
        Directory.Delete(_vectors, recursive: true);
    }
}
