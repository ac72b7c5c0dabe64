using Capvec.Reports.Charts;
using Capvec.Reports.Figures;

namespace Capvec.Reports.Pages;

/// <summary>What each section of a page gets: the study, and the list that takes its charts.</summary>
/// <param name="Study">The results with their look-ups.</param>
/// <param name="Charts">The page's charts.</param>
internal sealed record ReportContext(StudyIndex Study, ChartList Charts);
