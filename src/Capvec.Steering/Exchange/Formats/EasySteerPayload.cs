using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Capvec.Formats.Errors;
using Capvec.Steering.Directions;

namespace Capvec.Steering.Exchange.Formats;

/// <summary>
/// EasySteer's vector of a request, as JSON: <c>version</c> 1, <c>kind</c> "direction", <c>tensors</c> from <c>layer.N</c> to <c>{shape, data}</c> (base64 of float32), <c>extra</c>, and <c>sha256</c>,
/// which is checked: over "direction:1" and, by name, each tensor's name, shape as Python prints the tuple, and bytes. N is the 0-based block whose output is steered.
/// </summary>
internal sealed class EasySteerPayload : IDirectionFormat
{
    private const string Prefix = "layer.";

    public string Name => "EasySteer payload";

    public bool Detects(VectorFile file) => file.Kind == VectorFileKind.Json && file.Json.TryGetProperty("kind", out _) && file.Json.TryGetProperty("tensors", out var tensors) && tensors.ValueKind == JsonValueKind.Object;

    public DirectionSet Read(VectorFile file, LayerReading? layersAre)
    {
        if (!(file.Json.TryGetProperty("version", out var version) && version.ValueKind == JsonValueKind.Number && version.TryGetInt32(out var number) && number == 1))
            throw new CapvecException($"{file.Path}: version is not 1; only EasySteer's first payload version is known.");
        if (file.Json.GetProperty("kind") is var kind && !(kind.ValueKind == JsonValueKind.String && kind.ValueEquals("direction")))
            throw new CapvecException($"{file.Path}: the payload is of kind {kind.GetRawText()}; only \"direction\" holds directions, other kinds are maps or trained modules.");
        var vectors = new LayerVectors(file.Path, layersAre ?? LayerReading.ResidPost);
        using var sha = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        sha.AppendData("direction:1"u8);
        foreach (var tensor in file.Json.GetProperty("tensors").EnumerateObject().OrderBy(t => t.Name, StringComparer.Ordinal))
        {
            if (TorchVectors.Number(tensor.Name, Prefix) is not { } layer)
                throw new CapvecException($"{file.Path}: tensor '{tensor.Name}' is no layer; expected layer.N.");
            var bytes = Bytes(tensor, file.Path);
            sha.AppendData(Encoding.UTF8.GetBytes($"{tensor.Name}({bytes.Length / sizeof(float)},)"));
            sha.AppendData(bytes);
            vectors.Add(layer, Floats(bytes));
        }

        if (!(file.Json.TryGetProperty("sha256", out var stated) && stated.ValueKind == JsonValueKind.String && stated.ValueEquals(Convert.ToHexStringLower(sha.GetHashAndReset()))))
            throw new CapvecException($"{file.Path}: sha256 is not that of the tensors; the payload was changed or cut, make it again.");
        return vectors.Finish("layer.N of EasySteer is the output of the 0-based block N", DirectionProvenance.Unknown);
    }

    private static byte[] Bytes(JsonProperty tensor, string path)
    {
        if (tensor.Value.ValueKind == JsonValueKind.Object && tensor.Value.TryGetProperty("data", out var data) && data.ValueKind == JsonValueKind.String && data.TryGetBytesFromBase64(out var bytes)
            && tensor.Value.TryGetProperty("shape", out var shape) && shape.ValueKind == JsonValueKind.Array && shape.GetArrayLength() == 1
            && shape[0].ValueKind == JsonValueKind.Number && shape[0].TryGetInt64(out var size) && size > 0 && bytes.Length == size * sizeof(float))
            return bytes;
        throw new CapvecException($"{path}: tensor '{tensor.Name}' is not {{\"shape\": [hidden], \"data\": base64 of that many float32}}.");
    }

    private static float[] Floats(byte[] bytes)
    {
        var values = new float[bytes.Length / sizeof(float)];
        for (var i = 0; i < values.Length; i++)
            values[i] = BinaryPrimitives.ReadSingleLittleEndian(bytes.AsSpan(i * sizeof(float)));
        return values;
    }
}
