namespace Capvec.Reports.Transcripts;

/// <summary>One reply of an agent and what came of it.</summary>
/// <param name="Reply">The reply as written.</param>
/// <param name="Fields">The reply's analysis and plan, where it is an object that has both; else empty.</param>
/// <param name="Commands">Keystrokes that were typed.</param>
/// <param name="Done">Whether it marked the task complete.</param>
/// <param name="Terminal">What the agent was shown next.</param>
/// <param name="TokenIds">Ids of the reply's tokens, empty where the trace has none.</param>
/// <param name="LogProbability">ln p of the whole reply, or null where the trace has none.</param>
/// <param name="Marks">Failure marks that it met.</param>
/// <param name="ParseError">Why it could not be used, or null.</param>
internal sealed record TranscriptTurn(string Reply, IReadOnlyList<KeyValuePair<string, string>> Fields, IReadOnlyList<string> Commands, bool Done, string Terminal,
    IReadOnlyList<int> TokenIds, double? LogProbability, IReadOnlyList<string> Marks, string? ParseError);
