namespace Capvec.Reports.Transcripts;

/// <summary>What a reader needs of one trial's trace.</summary>
/// <param name="Prompt">The first message to the agent.</param>
/// <param name="Turns">The agent's replies in order.</param>
/// <param name="VerifierOutput">What the verifier printed; empty where nothing is known.</param>
internal sealed record Transcript(string Prompt, IReadOnlyList<TranscriptTurn> Turns, string VerifierOutput);
