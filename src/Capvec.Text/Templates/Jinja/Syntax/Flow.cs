namespace Capvec.Text.Templates.Jinja.Syntax;

/// <summary>How a statement ended.</summary>
internal enum Flow
{
    /// <summary>The next one follows.</summary>
    Next,

    /// <summary>The loop around it goes on with its next thing.</summary>
    Continue,

    /// <summary>The loop around it ends.</summary>
    Break,
}
