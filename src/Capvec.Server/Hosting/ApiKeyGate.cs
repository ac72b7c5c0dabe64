using System.Security.Cryptography;
using System.Text;
using Capvec.Server.Errors;
using Microsoft.AspNetCore.Http;

namespace Capvec.Server.Hosting;

/// <summary>Lets requests under /v1 pass that carry the key; compares in constant time.</summary>
internal sealed class ApiKeyGate(string key)
{
    private readonly byte[] _hash = SHA256.HashData(Encoding.UTF8.GetBytes(key));

    /// <summary>Checks one request.</summary>
    /// <exception cref="ApiException">401.</exception>
    public Task HandleAsync(HttpContext http, RequestDelegate next)
    {
        const string scheme = "Bearer ";
        var header = http.Request.Headers.Authorization.ToString();
        var given = header.StartsWith(scheme, StringComparison.OrdinalIgnoreCase) ? header[scheme.Length..].Trim() : "";
        if (http.Request.Path.StartsWithSegments("/v1", StringComparison.OrdinalIgnoreCase)
            && !http.Request.Path.Equals("/v1/health", StringComparison.OrdinalIgnoreCase)
            && !CryptographicOperations.FixedTimeEquals(SHA256.HashData(Encoding.UTF8.GetBytes(given)), _hash))
        {
            throw ApiException.Unauthorized();
        }

        return next(http);
    }
}
