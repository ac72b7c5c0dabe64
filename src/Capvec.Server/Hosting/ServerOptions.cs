using System.Net;
using Capvec.Formats.Errors;
using Capvec.Steering.Exchange;

namespace Capvec.Server.Hosting;

/// <summary>Where the server listens and what it lets a request ask for.</summary>
public sealed record ServerOptions
{
    /// <summary>Address to listen on.</summary>
    /// <value>127.0.0.1: this machine only.</value>
    public string Host { get; init; } = "127.0.0.1";

    /// <summary>Port; 0 lets the system choose a free one.</summary>
    /// <value>8080.</value>
    public int Port { get; init; } = 8080;

    /// <summary>Key that requests under /v1 must carry as <c>Authorization: Bearer KEY</c>; null asks for none, which only loopback addresses allow.</summary>
    public string? ApiKey { get; init; }

    /// <summary>Folder of direction files that requests may name by id, or null for none.</summary>
    public string? VectorFolder { get; init; }

    /// <summary>What the layer numbers of direction files count that do not say so themselves, or null: such a file is then refused.</summary>
    public LayerReading? LayersAre { get; init; }

    /// <summary>Most bytes of a request's body.</summary>
    /// <value>4 MiB.</value>
    public long MaxBodyBytes { get; init; } = 4 << 20;

    /// <summary>Most messages of a conversation.</summary>
    /// <value>1,024.</value>
    public int MaxMessages { get; init; } = 1024;

    /// <summary>Most replies to one request (<c>n</c>).</summary>
    /// <value>16.</value>
    public int MaxChoices { get; init; } = 16;

    /// <summary>Most stop texts of a request.</summary>
    /// <value>16.</value>
    public int MaxStops { get; init; } = 16;

    /// <summary>Most characters of one stop text.</summary>
    /// <value>256.</value>
    public int MaxStopLength { get; init; } = 256;

    /// <summary>Most interventions of one request's steering.</summary>
    /// <value>256.</value>
    public int MaxInterventions { get; init; } = 256;

    /// <summary>Most replies that run or wait at once; further requests get 503 and the advice to come back.</summary>
    /// <value>64.</value>
    public int MaxQueue { get; init; } = 64;

    /// <summary>How long a stream may be silent before a comment line shows that it lives.</summary>
    /// <value>10 s.</value>
    public TimeSpan PingInterval { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Checks address, port and key.</summary>
    /// <returns>The address to listen on.</returns>
    /// <exception cref="CapvecException">One of them makes no sense, or an address that other machines reach comes without a key.</exception>
    public IPAddress Check()
    {
        var name = Host == "localhost" ? "127.0.0.1" : Host;
        if (!IPAddress.TryParse(name, out var address))
            throw new CapvecException($"the host {Host} is not an address; give one such as 127.0.0.1, or 0.0.0.0 for every interface.", exitCode: CapvecException.WrongUsage);
        if (Port is < 0 or > 65535)
            throw new CapvecException($"{Port} is not a port; give a number from 0 to 65535.", exitCode: CapvecException.WrongUsage);
        if (!IPAddress.IsLoopback(address) && string.IsNullOrWhiteSpace(ApiKey))
        {
            throw new CapvecException(
                $"{Host} can be reached from other machines, so a key is needed; set CAPVEC_API_KEY or --api-key, or listen on 127.0.0.1.", exitCode: CapvecException.WrongUsage);
        }

        return address;
    }
}
