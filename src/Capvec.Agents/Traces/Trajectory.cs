namespace Capvec.Agents.Traces;

/// <summary>The record of a trial as ATIF JSON (see docs/formats.md).</summary>
public sealed class Trajectory
{
}
