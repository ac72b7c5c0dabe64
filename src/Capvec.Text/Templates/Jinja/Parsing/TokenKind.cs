namespace Capvec.Text.Templates.Jinja.Parsing;

/// <summary>Kinds of token.</summary>
internal enum TokenKind
{
    /// <summary>Text outside tags.</summary>
    Data,

    /// <summary>The beginning of a statement tag.</summary>
    BlockBegin,

    /// <summary>The end of a statement tag.</summary>
    BlockEnd,

    /// <summary>The beginning of a print tag.</summary>
    VariableBegin,

    /// <summary>The end of a print tag.</summary>
    VariableEnd,

    /// <summary>A name or keyword.</summary>
    Name,

    /// <summary>A string literal, unescaped.</summary>
    String,

    /// <summary>A whole number.</summary>
    Integer,

    /// <summary>A number with a fraction or exponent.</summary>
    Float,

    /// <summary>An operator or bracket.</summary>
    Operator,

    /// <summary>The end of the template.</summary>
    End,
}
