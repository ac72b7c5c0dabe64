namespace Capvec.Formats.Torch;

/// <summary>A dtype that stands as a value in a torch file, such as <c>torch.bfloat16</c>.</summary>
/// <param name="Name">Its name without <c>torch.</c></param>
public sealed record TorchDtype(string Name);
