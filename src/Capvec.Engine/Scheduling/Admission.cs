using Capvec.Engine.Batching;
using Capvec.Engine.Interventions;
using Capvec.Engine.Sharing;

namespace Capvec.Engine.Scheduling;

/// <summary>
/// Decides which waiting requests start and from what: the longest kept beginning, and the trunk that their steering leaves as it is. A request
/// whose beginning is being computed by a running one waits for it, so that arms of one prompt that arrive together compute it once.
/// </summary>
/// <remarks>A work waits only for running works, and these for nobody: there is no cycle, and whatever happens to the leader ends the waiting.</remarks>
internal sealed class Admission(PrefixCache cache, StateMemory memory, EngineOptions options, MemoryPlan plan)
{
    // Other requests that are compared with one that starts, and what it does for them at most.
    private const int LookAhead = 64;
    private const int MaxBranches = 8;
    private const int MaxRecordedDepths = 4;

    private readonly List<EngineWork> _waiting = [];
    private readonly Queue<int> _lately = new();
    private readonly int _layers = memory.Layout.Layers;

    /// <summary>Positions that were not computed.</summary>
    public long CachedTokens { get; private set; }

    /// <summary>Positions times blocks that came from trunks.</summary>
    public long TrunkLayerTokens { get; private set; }

    /// <summary>Times that a work was made to wait for another's prefix.</summary>
    public long Waits { get; private set; }

    public void Add(EngineWork work) => _waiting.Add(work);

    /// <summary>Lets works start while there are sequences and memory left, in order of arrival but for those that wait for a prefix.</summary>
    public void Admit(List<EngineWork> active)
    {
        _waiting.RemoveAll(IsCancelled);
        for (var i = 0; i < _waiting.Count && active.Count < options.MaxSequences && HasRoom(_waiting[i], active);)
        {
            var work = _waiting[i];
            if (work.WaitsFor is { IsPending: true })
            {
                i++;
                continue;
            }

            var start = cache.Find(work, work.Session?.Computed(work) ?? 0);
            work.WaitsFor = cache.IsOn ? Pending(work, start, active) : null;
            if (work.WaitsFor is not null)
            {
                Waits++;
                i++;
            }
            else if (cache.IsOn && Better(work, start) is { } leader)
            {
                work.HasYielded = true;
                _waiting.Remove(leader);
                _waiting.Insert(i, leader);
            }
            else
            {
                _waiting.RemoveAt(i);
                Start(work, start, active);
            }
        }
    }

    /// <summary>Cancels what waits.</summary>
    public void Abandon()
    {
        foreach (var work in _waiting)
            work.Cancel();
        _waiting.Clear();
    }

    // A sequence alone always has room: what does not fit at all was refused when it came. Replies still to be written and sessions between turns are not counted.
    private bool HasRoom(EngineWork work, List<EngineWork> active) =>
        active.Count == 0 || active.Sum(a => plan.StateOf(a.Tokens.Count)) + plan.StateOf(work.PromptLength) <= plan.States;

    private static bool IsCancelled(EngineWork work)
    {
        if (!work.Cancellation.IsCancellationRequested)
            return false;
        work.Cancel();
        return true;
    }

    private static int Common(ReadOnlySpan<PrefixStep> a, ReadOnlySpan<PrefixStep> b) => a.CommonPrefixLength(b);

    private void Start(EngineWork work, SharedStart start, List<EngineWork> active)
    {
        var state = work.Session?.Take() ?? new SequenceState(memory);
        if (start.Prefix is { } prefix)
            state.Start(prefix, start.Length, work.Steps);
        else if (start.Length == 0)
            state.Clear();
        if (start.Trunk is { } trunk)
            state.EnterTrunk(trunk, start.TrunkDepth);
        cache.Touch(start);
        CachedTokens += start.Length;
        TrunkLayerTokens += start.TrunkLayerTokens;
        (work.State, work.StartLength) = (state, start.Length);
        active.Add(work);
        _lately.Enqueue(work.EntryDepth);
        if (_lately.Count > LookAhead)
            _lately.Dequeue();
        if (!cache.IsOn)
            return;
        work.RecordedDepths = [.. work.KeptTrunks.Union(RecordedDepths(work))];
        work.Branches = Branches(work);
    }

    // Where requests that wait, or came lately, are steered first; the most frequent.
    private List<int> RecordedDepths(EngineWork work) =>
        [.. _waiting.Take(LookAhead).Select(w => w.EntryDepth).Concat(_lately)
            .Where(depth => depth > 0 && depth <= work.TrunkDepth)
            .GroupBy(depth => depth).OrderByDescending(g => g.Count()).Select(g => g.Key).Take(MaxRecordedDepths)];

    // Where the prompt parts from what is kept and from what waits: a state kept there serves both.
    private HashSet<int> Branches(EngineWork work)
    {
        var branches = new HashSet<int> { cache.Known(work) };
        if (work.KeptTrunks.Count > 0)
            branches.Add(work.PromptLength);
        foreach (var other in _waiting.Take(LookAhead).Where(w => w.Adapter == work.Adapter))
        {
            if (branches.Count >= MaxBranches)
                break;
            branches.Add(Math.Min(Common(work.Prompt, other.Prompt), other.Limit));
            if (!other.IsPromptSteered || other.TrunkDepth == 0)
                continue;
            var trunk = Math.Min(Common(work.Trunk, other.Trunk), other.TrunkLimit);
            // What came from a trunk is kept there already.
            if (trunk > work.State!.TrunkLength)
                branches.Add(trunk);
        }

        return branches;
    }

    // What a running work will have kept and makes waiting worth while.
    private PendingPrefix? Pending(EngineWork work, SharedStart start, List<EngineWork> active)
    {
        var best = start.Saved(_layers) + Worthwhile;
        PendingPrefix? pending = null;
        foreach (var leader in active.Where(a => a.Adapter == work.Adapter && a.State!.Length < a.PromptLength))
        {
            var cut = leader.LastCut(Math.Min(Common(leader.Prompt, work.Prompt), work.Limit), options.SnapshotEvery);
            var next = start.Trunk?.Length > cut ? start with { Length = cut } : new SharedStart(null, cut, null, 0);
            // A state from inside the leader's trunk lacks the blocks below: this work's own trunk must have them.
            if (cut >= leader.State!.TrunkLength || next.TrunkDepth >= leader.State.TrunkDepth)
                Consider(leader, cut, next.Saved(_layers));
            if (!work.IsPromptSteered)
                continue;
            cut = leader.LastCut(Math.Min(Common(leader.Trunk, work.Trunk), work.TrunkLimit), options.SnapshotEvery);
            foreach (var depth in leader.RecordedDepths.Where(d => work.CanEnterAt(d) && leader.RecordedFrom(d) <= start.Length))
                Consider(leader, cut, ((long)start.Length * _layers) + ((long)(cut - start.Length) * depth));
        }

        return pending;

        void Consider(EngineWork leader, int cut, long saved)
        {
            if (saved > best)
                (best, pending) = (saved, new PendingPrefix(leader, cut));
        }
    }

    // A waiting work that is steered later in the network, or not at all: if it goes first, this one shares more of it than it of this one.
    private EngineWork? Better(EngineWork work, SharedStart start)
    {
        if (work.HasYielded || work.TrunkDepth == _layers)
            return null;
        return _waiting.Take(LookAhead)
            .Where(w => w.Adapter == work.Adapter && w.TrunkDepth > work.TrunkDepth && w.WaitsFor is null)
            .Where(w => (long)Common(w.Trunk, work.Trunk) * work.TrunkDepth > start.Saved(_layers) + Worthwhile)
            .MaxBy(w => w.TrunkDepth);
    }

    private long Worthwhile => (long)EngineWork.LeastShared * _layers;
}
