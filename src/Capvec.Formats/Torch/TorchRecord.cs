namespace Capvec.Formats.Torch;

/// <summary>An object of another tool's class that is nothing but named fields. The class is a name here: no code of it exists or runs.</summary>
/// <param name="Type">Python module and class, such as <c>steering_vectors.steering_vector.SteeringVector</c>.</param>
public sealed record TorchRecord(string Type)
{
    /// <summary>The fields by name; values as <see cref="TorchFile.Root"/> says.</summary>
    public TorchDictionary Fields { get; internal set; } = [];
}
