namespace Capvec.Text.Templates.Jinja;

/// <summary>A template that is wrong, fails or goes beyond its limits. The line, where known, is put in front of the message on the way out.</summary>
internal sealed class JinjaException(string message, int line = 0) : Exception(message)
{
    /// <summary>The line of the template, from 1; 0 where not known yet.</summary>
    public int Line { get; private set; } = line;

    /// <summary>Whether the template itself raised this with raise_exception: its message is for the user as it stands.</summary>
    public bool RaisedByTemplate { get; init; }

    /// <summary>Remembers the innermost line only.</summary>
    public void At(int line)
    {
        if (Line == 0)
            Line = line;
    }
}
