using Capvec.Server.Errors;

namespace Capvec.Server.Chat;

/// <summary>
/// Counts the replies that run or wait. Invariant: 0 &lt;= in flight &lt;= the limit; a request that would break it is turned away, so that
/// memory and waiting time stay bounded.
/// </summary>
internal sealed class Admission(int limit)
{
    private readonly Lock _lock = new();
    private int _inFlight;

    /// <summary>Lets a request for so many replies in.</summary>
    /// <returns>To be disposed when the replies are done.</returns>
    /// <exception cref="ApiException">503: there is no room.</exception>
    public IDisposable Enter(int replies)
    {
        lock (_lock)
        {
            if (_inFlight + replies > limit)
                throw ApiException.Busy(_inFlight, retryAfterSeconds: 5);
            _inFlight += replies;
        }

        return new Leave(this, replies);
    }

    private sealed class Leave(Admission admission, int replies) : IDisposable
    {
        private int _replies = replies;

        public void Dispose()
        {
            lock (admission._lock)
            {
                admission._inFlight -= _replies;
                _replies = 0;
            }
        }
    }
}
