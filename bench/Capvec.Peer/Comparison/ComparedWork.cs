namespace Capvec.Peer.Comparison;

/// <summary>A piece of work that is done by two sides, one after the other.</summary>
/// <param name="Name">What is done.</param>
/// <param name="Amount">Tokens that it makes or reads, for a rate; 0 where the time itself is shown.</param>
/// <param name="First">Does it on the one side with the prompts of a seed; seconds.</param>
/// <param name="Second">Does it on the other side; seconds.</param>
/// <param name="Runs">Runs that count.</param>
internal sealed record ComparedWork(string Name, int Amount, Func<int, Task<double>> First, Func<int, Task<double>> Second, int Runs);
