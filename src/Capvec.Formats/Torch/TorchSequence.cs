namespace Capvec.Formats.Torch;

/// <summary>A list or a tuple of a torch file; a <c>torch.Size</c> is a tuple.</summary>
/// <param name="IsTuple">Whether it was a tuple.</param>
/// <param name="Items">Its items; values as <see cref="TorchFile.Root"/> says.</param>
public sealed record TorchSequence(bool IsTuple, List<object?> Items);
