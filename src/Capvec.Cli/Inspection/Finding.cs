using System.Text.Json.Nodes;

namespace Capvec.Cli.Inspection;

/// <summary>What an inspected path is, as facts for a reader and as JSON for a program.</summary>
/// <param name="Kind">A name for programs: model, adapter, directions, safetensors, torch, numpy, gguf, trace, traces, study.</param>
/// <param name="Title">What it is, in words.</param>
/// <param name="Facts">Name and value, in order of showing.</param>
/// <param name="Rows">A table below the facts: its first row is the heading; empty for none.</param>
/// <param name="Details">Further fields of the JSON object.</param>
internal sealed record Finding(string Kind, string Title, IReadOnlyList<(string Name, string Value)> Facts, IReadOnlyList<string[]> Rows, JsonObject Details);
