using System.Reflection;
using System.Security.Cryptography;
using System.Text;

namespace Capvec.Reports.Pages;

/// <summary>The style sheet and the scripts that every page carries.</summary>
internal static class Asset
{
    /// <summary>Reads an embedded text.</summary>
    public static string Read(string name)
    {
        using var stream = Assembly.GetExecutingAssembly().GetManifestResourceStream(name) ?? throw new InvalidOperationException($"the resource {name} is not embedded");
        using var reader = new StreamReader(stream, Encoding.UTF8);
        return reader.ReadToEnd();
    }

    /// <summary>The source expression by which a content security policy allows exactly this inline script.</summary>
    public static string Hash(string script) => $"'sha256-{Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(script)))}'";
}
