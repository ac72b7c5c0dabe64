namespace Capvec.Engine.Batching;

/// <summary>
/// The pages of one layer of one sequence. Full pages are shared with whoever has the same prefix; the last, partly filled one is copied
/// before it is written if anybody else holds it.
/// </summary>
internal sealed class PageTable(PagePool pool)
{
    private readonly List<Page> _pages = [];
    private int _origin;

    /// <summary>The page of a position.</summary>
    public Page this[int position] => _pages[(position / StateLayout.PagePositions) - _origin];

    /// <summary>Makes positions <c>[from, to)</c> writable.</summary>
    public void Reserve(int from, int to)
    {
        for (var i = (from / StateLayout.PagePositions) - _origin; i < _pages.Count; i++)
        {
            if (_pages[i].Holders > 1)
                _pages[i] = pool.TakeCopy(_pages[i]);
        }

        while ((_origin + _pages.Count) * StateLayout.PagePositions < to)
            _pages.Add(pool.Take());
    }

    /// <summary>Begins anew, empty, at the page of a position.</summary>
    public void Restart(int position)
    {
        Clear();
        _origin = position / StateLayout.PagePositions;
    }

    /// <summary>Holds the pages of another run up to <paramref name="length"/> positions instead of its own.</summary>
    public void Share(PageRun run, int length)
    {
        var pages = run.Pages.AsSpan(0, PagesTo(length) - run.Origin);
        foreach (var page in pages)
            page.Hold();
        Clear();
        _origin = run.Origin;
        _pages.AddRange(pages);
    }

    /// <summary>The pages up to <paramref name="length"/> positions, not held.</summary>
    public PageRun Run(int length) => new(_origin, [.. _pages.Take(PagesTo(length) - _origin)]);

    /// <summary>Lets go of every page.</summary>
    public void Clear()
    {
        foreach (var page in _pages)
            page.Release();
        _pages.Clear();
        _origin = 0;
    }

    private static int PagesTo(int length) => (length + StateLayout.PagePositions - 1) / StateLayout.PagePositions;
}
