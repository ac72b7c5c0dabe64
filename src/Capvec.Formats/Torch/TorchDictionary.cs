namespace Capvec.Formats.Torch;

/// <summary>A dictionary of a torch file, in the order of the file. Keys are <see cref="long"/> or <see cref="string"/>; values as <see cref="TorchFile.Root"/> says.</summary>
public sealed class TorchDictionary : OrderedDictionary<object, object?>;
