using Capvec.Formats.Tensors;

namespace Capvec.Formats.Torch;

/// <summary>A storage that a pickle names by a persistent id.</summary>
/// <param name="Key">Its name below <c>data/</c>.</param>
/// <param name="Type">Type of its elements; null for untyped bytes.</param>
/// <param name="Bytes">Its bytes, little endian.</param>
internal sealed record PickleStorage(string Key, ElementType? Type, byte[] Bytes);
