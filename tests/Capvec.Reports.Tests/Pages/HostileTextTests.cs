using Capvec.Reports.Tests.Samples;

namespace Capvec.Reports.Tests.Pages;

public sealed class HostileTextTests
{
    private const string Attack = "</script></style><script>window.hit=1</script><img src=x onerror=\"window.hit=1\">{{x}}${x}'\"";

    [Fact]
    public void What_a_model_a_task_or_a_study_says_never_becomes_markup()
    {
        using var scratch = new ScratchFolder();
        var plain = new PageReader(Poisoned(scratch.File("a"), 4, "plain"), scratch.File("a/report"));
        var hostile = new PageReader(Poisoned(scratch.File("b"), 4), scratch.File("b/report"));

        // The same elements, in the same number: text is all that was added.
        hostile.Document.QuerySelectorAll("script").Length.ShouldBe(3);
        hostile.Document.QuerySelectorAll("img").Length.ShouldBe(0);
        hostile.Document.QuerySelectorAll("style").Length.ShouldBe(plain.Document.QuerySelectorAll("style").Length);
        hostile.Document.QuerySelectorAll("section").Length.ShouldBe(plain.Document.QuerySelectorAll("section").Length);
        hostile.Document.QuerySelectorAll("table").Length.ShouldBe(plain.Document.QuerySelectorAll("table").Length);
        hostile.Document.QuerySelectorAll("td").Length.ShouldBe(plain.Document.QuerySelectorAll("td").Length);

        // And it is shown to the letter.
        hostile.Document.QuerySelector("#transcripts .pair summary")!.TextContent.ShouldContain(Attack);
        hostile.Document.QuerySelector("#transcripts .turn")!.TextContent.ShouldContain(Attack);
        hostile.Document.QuerySelector("h1")!.TextContent.ShouldContain(Attack);
        hostile.Chart(hostile.Document.QuerySelector("#verdict")!).GetProperty("rows")[1].GetProperty("name").GetString()!.ShouldContain(Attack);
        hostile.Text.ShouldNotContain(Attack);
    }

    /// <summary>A study in which everything that comes from outside tries to be markup.</summary>
    internal static Experiments.Results.StudyResults Poisoned(string folder, int attempts, string attack = Attack)
    {
        SampleArm[] arms = [new("base", Experiments.Results.ArmKind.Base, 0.5), new("L3 " + attack, Experiments.Results.ArmKind.Steered, 0.8, [3], 4), .. SampleStudy.TestArms.Skip(5)];
        var study = SampleStudy.Whole(folder, arms, attempts, t => t + attack, attack);
        return study with
        {
            Name = attack,
            Question = attack,
            Contrast = attack,
            Yaml = attack + "\n```\n# x",
            StrengthUnit = attack,
            Facts = [new(attack, attack)],
            Verdict = study.Verdict with { Sentence = attack, Notes = [attack] },
        };
    }
}
