namespace Capvec.Peer.Comparison;

/// <summary>How logits compare at one place.</summary>
/// <param name="Difference">Root mean square over the likeliest candidates, in standard deviations of all logits.</param>
/// <param name="Largest">The largest difference of a candidate, in logits.</param>
/// <param name="OurGap">By how much our logits put llama.cpp's first candidate above its second.</param>
/// <param name="IsSame">Whether our likeliest token is llama.cpp's.</param>
internal sealed record AgreementPlace(double Difference, double Largest, double OurGap, bool IsSame);
