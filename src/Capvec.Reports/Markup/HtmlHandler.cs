using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;

namespace Capvec.Reports.Markup;

/// <summary>Builds <see cref="Html"/> from an interpolated string: literals stand as they are, holes are escaped.</summary>
[InterpolatedStringHandler]
internal readonly ref struct HtmlHandler
{
    private readonly StringBuilder _builder;

    /// <summary>Called by the compiler.</summary>
    public HtmlHandler(int literalLength, int formattedCount) => _builder = new StringBuilder(literalLength + (formattedCount * 16));

    /// <summary>The program's own markup.</summary>
    public void AppendLiteral(string markup) => _builder.Append(markup);

    /// <summary>Text, escaped.</summary>
    public void AppendFormatted(string? text) => _builder.Append(Html.Escape(text));

    /// <summary>A whole number.</summary>
    public void AppendFormatted(int number) => _builder.Append(number.ToString(CultureInfo.InvariantCulture));

    /// <summary>Markup, as it is.</summary>
    public void AppendFormatted(Html markup) => _builder.Append(markup.ToString());

    /// <summary>Pieces of markup, one after the other.</summary>
    public void AppendFormatted(IEnumerable<Html> pieces)
    {
        foreach (var piece in pieces)
            _builder.Append(piece.ToString());
    }

    /// <inheritdoc/>
    public override string ToString() => _builder.ToString();
}
