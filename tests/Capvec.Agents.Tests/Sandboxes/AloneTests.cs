namespace Capvec.Agents.Tests.Sandboxes;

/// <summary>Tests that count what the whole program has open, and so run while no other does.</summary>
[CollectionDefinition("alone", DisableParallelization = true)]
public sealed class AloneTests;
