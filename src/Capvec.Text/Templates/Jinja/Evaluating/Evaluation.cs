using System.Globalization;
using System.Text;
using Capvec.Text.Templates.Jinja.Syntax;

namespace Capvec.Text.Templates.Jinja.Evaluating;

/// <summary>One rendering: where names are looked up, where text goes, and how much has been used of what the limits allow.</summary>
internal sealed class Evaluation(JinjaLimits limits, TimeProvider time, Scope scope)
{
    private StringBuilder _output = new();
    private long _steps;
    private long _textBuilt;
    private int _callDepth;
    private int _stepsSinceClock;
    private readonly long _start = time.GetTimestamp();

    // Comparing and hashing happen deep inside collections that know nothing of a rendering; a rendering never leaves its thread.
    [ThreadStatic]
    private static Evaluation? _current;

    /// <summary>The innermost scope.</summary>
    public Scope Scope { get; private set; } = scope;

    /// <summary>The time that strftime_now tells.</summary>
    public TimeProvider Time { get; } = time;

    /// <summary>Counts work.</summary>
    public void Step(long steps = 1)
    {
        _steps += steps;
        if (_steps > limits.MaxSteps)
            throw new JinjaException(string.Create(CultureInfo.InvariantCulture, $"it takes more than {limits.MaxSteps} steps, so it was stopped"));
        if ((++_stepsSinceClock & 0x3FF) == 0 && Time.GetElapsedTime(_start) > limits.MaxTime)
            throw new JinjaException(string.Create(CultureInfo.InvariantCulture, $"it takes more than {limits.MaxTime.TotalSeconds} seconds, so it was stopped"));
    }

    /// <summary>Counts work of the rendering that runs on this thread.</summary>
    public static void StepCurrent() => _current?.Step();

    /// <summary>Counts the work of going through a text once.</summary>
    public void StepThrough(string text) => Step(text.Length >> 5);

    /// <summary>Counts the work of looking for a text in another, at its worst.</summary>
    public void StepSearch(string text, string part) => Step((long)text.Length * part.Length >> 8);

    /// <summary>Counts the work of multiplying or printing whole numbers of so many bits.</summary>
    public void StepNumber(long bits, long otherBits) => Step(bits * otherBits >> 12);

    /// <summary>Runs the statements of a template.</summary>
    public string Render(Statement body)
    {
        var outer = _current;
        _current = this;
        try
        {
            body.Run(this);
            return _output.ToString();
        }
        finally
        {
            _current = outer;
        }
    }

    /// <summary>Counts text that is about to be made.</summary>
    public void Reserve(long characters)
    {
        _textBuilt += characters;
        if (_textBuilt > limits.MaxTextBuilt)
            throw new JinjaException(string.Create(CultureInfo.InvariantCulture, $"it builds more than {limits.MaxTextBuilt} characters of text, so it was stopped"));
    }

    /// <summary>Counts text that has just been made (and is not much longer than what it was made from).</summary>
    public string Built(string text)
    {
        Reserve(text.Length);
        return text;
    }

    /// <summary>Gives text out.</summary>
    public void Write(string text)
    {
        if ((long)_output.Length + text.Length > limits.MaxOutputLength)
            throw new JinjaException(string.Create(CultureInfo.InvariantCulture, $"it renders more than {limits.MaxOutputLength} characters, so it was stopped"));
        _output.Append(text);
    }

    /// <summary>Runs statements and gives back what they would have given out.</summary>
    public string Capture(Statement body)
    {
        var outer = _output;
        _output = new StringBuilder();
        try
        {
            body.Run(this);
            return Built(_output.ToString());
        }
        finally
        {
            _output = outer;
        }
    }

    /// <summary>Does something in a scope of its own inside <paramref name="parent"/> (inside the present one where null).</summary>
    public T InScope<T>(Func<T> action, Scope? parent = null)
    {
        var outer = Scope;
        Scope = new Scope(parent ?? outer);
        try
        {
            return action();
        }
        finally
        {
            Scope = outer;
        }
    }

    /// <summary>Does something inside a call, of which only so many may lie in each other.</summary>
    public T InCall<T>(Func<T> action)
    {
        if (++_callDepth > limits.MaxCallDepth)
            throw new JinjaException(string.Create(CultureInfo.InvariantCulture, $"macros call each other more than {limits.MaxCallDepth} deep"));
        try
        {
            return action();
        }
        finally
        {
            _callDepth--;
        }
    }
}
