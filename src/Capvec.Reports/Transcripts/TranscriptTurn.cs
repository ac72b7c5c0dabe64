namespace Capvec.Reports.Transcripts;

/// <summary>One reply of an agent and what came of it.</summary>
/// <param name="Reply">The reply as written.</param>
/// <param name="Fields">The reply's texts by name (analysis, plan), where it is an object that has them; else empty.</param>
/// <param name="Commands">Keystrokes that were typed.</param>
/// <param name="Done">Whether it marked the task complete.</param>
/// <param name="Terminal">What the agent was shown next.</param>
/// <param name="TokenIds">Ids of the reply's tokens, empty where the trace has none.</param>
internal sealed record TranscriptTurn(string Reply, IReadOnlyList<KeyValuePair<string, string>> Fields, IReadOnlyList<string> Commands, bool Done, string Terminal, IReadOnlyList<int> TokenIds);
