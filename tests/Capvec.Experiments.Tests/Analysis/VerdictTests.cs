using Capvec.Experiments.Analysis;
using Capvec.Experiments.Results;
using Capvec.Experiments.Statistics;

namespace Capvec.Experiments.Tests.Analysis;

public class VerdictTests
{
    [Fact]
    public void Under_the_null_a_lift_is_claimed_in_less_than_a_twentieth_of_studies()
    {
        const int Studies = 600;
        var verdicts = Enumerable.Range(0, Studies).Select(seed => new SimulatedStudy((ulong)seed)
            .Arm(ArmKind.Base, 0, 5).Arm(ArmKind.Steered, 0, 5).Arm(ArmKind.Random, 0, 5).Arm(ArmKind.AgainstItself, 0, 5).AlphaZero().Judge().Verdict.Kind).ToList();
        // The level is one-sided 2.5% before Fisher's conservatism and Holm; that many or more of 600 at a true 5% have a chance below one in 10,000.
        ClopperPearson.Interval(verdicts.Count(v => v == VerdictKind.Lift), Studies).Upper.ShouldBeLessThan(.05);
        ClopperPearson.Interval(verdicts.Count(v => v == VerdictKind.ControlFailed), Studies).Upper.ShouldBeLessThan(.06);
        verdicts.Count(v => v == VerdictKind.NoDifference).ShouldBeGreaterThan(Studies * 9 / 10);
    }

    [Fact]
    public void A_planted_lift_is_found_and_told_plainly()
    {
        const int Studies = 60;
        var verdicts = Enumerable.Range(0, Studies).Select(seed => new SimulatedStudy((ulong)seed)
            .Arm(ArmKind.Base, 0, 12).Arm(ArmKind.Steered, .27, 12).Arm(ArmKind.Random, 0, 12).Arm(ArmKind.AgainstItself, 0, 12).AlphaZero().Judge().Verdict).ToList();
        verdicts.Count(v => v.Kind == VerdictKind.Lift).ShouldBeGreaterThan(Studies * 9 / 10);
        verdicts.First(v => v.Kind == VerdictKind.Lift).Sentence.ShouldMatch(
            @"^Steering at layer 3, strength 4 raised the pass rate from \d+% \(n=216\) to \d+% \(n=216\): \+\d+ points \[\+\d+, \+\d+\], p [<=] 0\.\d+; the random direction of the same length did not \([+-]?\d+ \[[+-]?\d+, [+-]?\d+\]\)\.$");
        verdicts.First(v => v.Kind == VerdictKind.Lift).Notes.ShouldContain("Strength 0 gave base's trials token for token (216 of 216).");
    }

    [Fact]
    public void A_planted_harm_is_found()
    {
        var verdict = new SimulatedStudy(1).Arm(ArmKind.Base, 0, 12).Arm(ArmKind.Steered, -.27, 12).Arm(ArmKind.Random, 0, 12).AlphaZero().Judge().Verdict;
        verdict.Kind.ShouldBe(VerdictKind.Harm);
        verdict.Sentence.ShouldStartWith("Steering at layer 3, strength 4 lowered the pass rate from ");
    }

    [Fact]
    public void The_collapse_of_many_layers_is_a_note_and_not_the_answer_about_the_direction()
    {
        int[] many = [4, 5, 6, 7];
        var (verdict, candidate) = new SimulatedStudy(1).Arm(ArmKind.Base, 0, 12).Arm(ArmKind.Steered, 0, 12).Arm(ArmKind.Steered, -1, 12, layers: many).AlphaZero().JudgeUnchosen();
        candidate!.Layers.ShouldBe([3]);
        verdict.Kind.ShouldBe(VerdictKind.NoDifference);
        verdict.Notes.ShouldContain(n => n.StartsWith("Steered 4 layers passed less often than base", StringComparison.Ordinal));

        var lifted = new SimulatedStudy(1).Arm(ArmKind.Base, 0, 12).Arm(ArmKind.Steered, 0, 12).Arm(ArmKind.Steered, .3, 12, layers: many).AlphaZero().JudgeUnchosen();
        lifted.Candidate!.Layers.ShouldBe(many);
        lifted.Verdict.Kind.ShouldBe(VerdictKind.Lift);
    }

    [Fact]
    public void A_random_direction_that_lifts_too_takes_the_claim_away()
    {
        var verdict = new SimulatedStudy(1).Arm(ArmKind.Base, 0, 12).Arm(ArmKind.Steered, .27, 12).Arm(ArmKind.Random, .27, 12).AlphaZero().Judge().Verdict;
        verdict.Kind.ShouldBe(VerdictKind.ControlFailed);
        verdict.Sentence.ShouldStartWith("A control failed: the random direction of the same length differs from base");
        verdict.Sentence.ShouldContain("cannot be put down to the direction");
    }

    [Fact]
    public void A_rise_that_cannot_be_told_from_the_random_one_is_no_lift()
    {
        // Between the two lies a rise that is significant against base while the random arm's smaller rise is not.
        var found = Enumerable.Range(0, 200).Select(seed => new SimulatedStudy((ulong)seed).Arm(ArmKind.Base, 0, 6).Arm(ArmKind.Steered, .2, 6).Arm(ArmKind.Random, .12, 6).Judge().Verdict)
            .Where(v => v.Sentence.Contains("cannot be told from the random direction", StringComparison.Ordinal)).ToList();
        found.ShouldNotBeEmpty();
        found.ShouldAllBe(v => v.Kind == VerdictKind.ControlFailed);
    }

    [Fact]
    public void Base_that_differs_from_itself_takes_the_claim_away()
    {
        var verdict = new SimulatedStudy(1).Arm(ArmKind.Base, 0, 12).Arm(ArmKind.Steered, .27, 12).Arm(ArmKind.Random, 0, 12).Arm(ArmKind.AgainstItself, -.25, 12).Judge().Verdict;
        verdict.Kind.ShouldBe(VerdictKind.ControlFailed);
        verdict.Sentence.ShouldStartWith("A control failed: base run again with other seeds differs from base");
    }

    [Fact]
    public void One_other_token_at_strength_0_takes_the_claim_away_unless_a_time_limit_struck()
    {
        SimulatedStudy Study() => new SimulatedStudy(1).Arm(ArmKind.Base, 0, 12).Arm(ArmKind.Steered, .27, 12).Arm(ArmKind.Random, 0, 12).AlphaZero();
        var study = Study();
        var at = study.Trials.FindIndex(t => t.Arm == "L3 x0");
        study.Trials[at] = study.Trials[at] with { TokensHash = "other" };
        var verdict = study.Judge().Verdict;
        verdict.Kind.ShouldBe(VerdictKind.ControlFailed);
        verdict.Sentence.ShouldStartWith("The instrument is at fault: strength 0 has to give base's trials token for token, but 1 of 216 differ.");

        study.Trials[at] = study.Trials[at] with { Marks = new() { Timeout = 1 } };
        verdict = study.Judge().Verdict;
        verdict.Kind.ShouldBe(VerdictKind.Lift);
        verdict.Notes.ShouldContain("Strength 0 gave base's trials token for token (215 of 215).");
    }

    [Fact]
    public void Without_a_difference_the_sentence_says_what_could_have_been_missed()
    {
        var (verdict, candidate) = new SimulatedStudy(4).Arm(ArmKind.Base, 0, 5).Arm(ArmKind.Steered, 0, 5).Arm(ArmKind.Random, 0, 5).Judge();
        verdict.Kind.ShouldBe(VerdictKind.NoDifference);
        candidate!.Name.ShouldBe("Steered");
        verdict.Sentence.ShouldMatch(@"made no difference that could be shown: .* a rise of less than 2\d points could have been missed \(80% power\)\.$");
    }

    [Fact]
    public void Missing_trials_make_it_incomplete()
    {
        var study = new SimulatedStudy(1).Arm(ArmKind.Base, 0, 5).Arm(ArmKind.Steered, .5, 5);
        study.Trials.RemoveAt(study.Trials.Count - 1);
        var verdict = study.Judge().Verdict;
        verdict.Kind.ShouldBe(VerdictKind.Incomplete);
        verdict.Sentence.ShouldBe("The test is not finished: 179 of 180 trials are done.");
        VerdictRules.Judge([], [], 0, null).Verdict.Kind.ShouldBe(VerdictKind.Incomplete);
        new SimulatedStudy(1).Arm(ArmKind.Base, 0, 5, nulls: 1).Arm(ArmKind.Steered, 0, 5).Judge().Verdict.Kind.ShouldBe(VerdictKind.Incomplete);
    }

    [Fact]
    public void Nulls_are_counted_apart_and_noted()
    {
        var study = new SimulatedStudy(1).Arm(ArmKind.Base, 0, 12).Arm(ArmKind.Steered, .27, 12, nulls: .3);
        var arm = study.Compare()[1];
        arm.Nulls.ShouldBeGreaterThan(40);
        (arm.Nulls + arm.Trials).ShouldBe(216);
        arm.Passed.ShouldBe(study.Trials.Count(t => t.Arm == "Steered" && t.Reward == 1));
        var verdict = study.Judge().Verdict;
        verdict.Notes.ShouldContain(n => n.StartsWith($"{arm.Nulls} of 432 trials have no reward", StringComparison.Ordinal));
        verdict.Sentence.ShouldEndWith("no random direction of the same length was run beside it, so any vector of that length might do the same.");
    }

    [Fact]
    public void The_comparison_pairs_tasks_and_corrects_over_all_arms()
    {
        var study = new SimulatedStudy(2).Arm(ArmKind.Base, 0, 6).Arm(ArmKind.Steered, .3, 6).Arm(ArmKind.Random, 0, 6);
        var arms = study.Compare();
        arms[0].AgainstBase.ShouldBeNull();
        var rates = study.Trials.GroupBy(t => (t.Arm, t.Task)).ToDictionary(g => g.Key, g => g.Average(t => t.Reward!.Value));
        var differences = Enumerable.Range(0, SimulatedStudy.Tasks).Select(t => rates[("Steered", $"task-{t:00}")] - rates[("base", $"task-{t:00}")]).ToList();
        var comparison = arms[1].AgainstBase!;
        comparison.PairedDifference.ShouldBe(differences.Average(), 1e-12);
        comparison.Tasks.ShouldBe(18);
        comparison.PairedInterval.ShouldBe(PairedDifference.Of(differences).Interval);
        comparison.PairedP.ShouldBe(SignFlip.TwoSided(differences, 1));
        var fisher = FisherExact.Test(arms[1].Passed, arms[1].Trials, arms[0].Passed, arms[0].Trials);
        comparison.FisherTwoSided.ShouldBe(fisher.TwoSided);
        comparison.FisherGreater.ShouldBe(fisher.Greater);
        new[] { comparison.Holm, arms[2].AgainstBase!.Holm }.ShouldBe(Holm.Adjust([comparison.FisherTwoSided, arms[2].AgainstBase!.FisherTwoSided]));
    }
}
