using Capvec.Experiments.Results;
using Capvec.Reports.Tests.Samples;

namespace Capvec.Reports.Tests.Pages;

/// <summary>A whole study and its page, written once for all tests that only read them.</summary>
public sealed class WholeStudyFixture : IDisposable
{
    private readonly ScratchFolder _scratch = new();

    public WholeStudyFixture()
    {
        Study = SampleStudy.Whole(_scratch.Path);
        Page = new PageReader(Study, _scratch.File("report"));
    }

    internal StudyResults Study { get; }

    internal PageReader Page { get; }

    public void Dispose() => _scratch.Dispose();
}
