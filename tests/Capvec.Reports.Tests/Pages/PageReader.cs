using System.Globalization;
using System.Text.Json;
using AngleSharp.Dom;
using AngleSharp.Html.Dom;
using AngleSharp.Html.Parser;
using Capvec.Experiments.Results;

namespace Capvec.Reports.Tests.Pages;

/// <summary>Reads a written page back: its elements, its tables' figures as numbers, its charts' data.</summary>
internal sealed class PageReader
{
    public PageReader(StudyResults study, string folder)
    {
        Path = ReportWriter.Write(study, folder);
        Text = File.ReadAllText(Path);
        Document = new HtmlParser(new HtmlParserOptions { IsScripting = true }).ParseDocument(Text);
        Charts = JsonDocument.Parse(Document.GetElementById("chart-data")!.TextContent).RootElement;
    }

    public string Path { get; }

    public string Text { get; }

    public IHtmlDocument Document { get; }

    public JsonElement Charts { get; }

    /// <summary>The cells of an arm's row in a table of a section.</summary>
    public string[] ArmRow(string table, string arm) =>
        [.. Document.QuerySelectorAll($"[aria-label='{table}'] tbody tr").Single(r => r.GetAttribute("data-arm") == arm).QuerySelectorAll("td").Select(c => c.TextContent.Trim())];

    /// <summary>The data of the chart in an element.</summary>
    public JsonElement Chart(IElement holder) => Charts[int.Parse(holder.QuerySelector("[data-chart]")!.GetAttribute("data-chart")!, CultureInfo.InvariantCulture)];

    /// <summary>A figure as written: percent signs, plus, real minus and thousands understood; NaN for a dash.</summary>
    public static double Number(string text) => text is "–" or "" ? double.NaN : double.Parse(text.TrimEnd('%').Replace('−', '-').Replace(",", "", StringComparison.Ordinal), NumberStyles.Float, CultureInfo.InvariantCulture);

    /// <summary>Checks a p value as written against the true one.</summary>
    public static void ShouldBeP(string text, double p)
    {
        if (text == "< 0.001")
            p.ShouldBeLessThan(0.001);
        else
            Number(text).ShouldBe(p, Math.Max(5.1e-5, p * 0.0051));
    }
}
