namespace Capvec.Text.Templates.Jinja.Values;

/// <summary>
/// The value of a name or attribute that does not exist. It prints as nothing, iterates as empty, is falsy, and equals only its like;
/// taking an attribute of it, calling it or computing with it is an error.
/// </summary>
/// <param name="Name">What does not exist, for messages.</param>
internal sealed record Undefined(string Name)
{
    /// <summary>The error for using it.</summary>
    public JinjaException Used() => new($"{Name} is undefined");

    /// <summary>All undefined values are equal.</summary>
    public bool Equals(Undefined? other) => other is not null;

    /// <inheritdoc/>
    public override int GetHashCode() => 0;
}
