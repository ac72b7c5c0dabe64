namespace Capvec.Server.Tests;

/// <summary>Tests that share one server.</summary>
[CollectionDefinition]
public sealed class PhantomCollection : ICollectionFixture<PhantomServer>;
