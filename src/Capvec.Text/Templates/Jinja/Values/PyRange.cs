using System.Collections;
using System.Globalization;

namespace Capvec.Text.Templates.Jinja.Values;

/// <summary>Python's range.</summary>
internal sealed class PyRange(long start, long stop, long step) : PySequence(new Numbers(start, stop, step))
{
    /// <summary>As Python prints it.</summary>
    public override string ToString() => step == 1
        ? string.Create(CultureInfo.InvariantCulture, $"range({start}, {stop})")
        : string.Create(CultureInfo.InvariantCulture, $"range({start}, {stop}, {step})");

    // Never laid out in memory: range(10**9) is a few bytes.
    private sealed class Numbers(long start, long stop, long step) : IReadOnlyList<object?>
    {
        public int Count { get; } = (int)Int128.Clamp(step > 0 ? ((Int128)stop - start + step - 1) / step : ((Int128)start - stop - step - 1) / -(Int128)step, 0, int.MaxValue);

        public object? this[int index] => start + (index * step);

        public IEnumerator<object?> GetEnumerator()
        {
            for (var i = 0; i < Count; i++)
                yield return this[i];
        }

        IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
    }
}
