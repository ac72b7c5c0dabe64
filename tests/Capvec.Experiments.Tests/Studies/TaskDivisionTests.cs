using Capvec.Agents.Tasks;
using Capvec.Experiments.Studies;
using Capvec.Formats.Errors;
using Capvec.Tests;

namespace Capvec.Experiments.Tests.Studies;

public class TaskDivisionTests
{
    private static readonly IReadOnlyList<HarborTask> Full = TaskReader.LoadAll(Repository.File("tasks", "full"));

    [Fact]
    public void Each_family_is_divided_evenly_and_no_task_is_on_both_sides()
    {
        var division = TaskDivision.Of(new("", ["*"], [], TaskSplit.Half), Full, 1);
        division.Selection.Count.ShouldBe(18);
        division.Test.Count.ShouldBe(18);
        division.Selection.Select(t => t.Name).Intersect(division.Test.Select(t => t.Name)).ShouldBeEmpty();
        division.Selection.Select(TaskDivision.Family).Distinct().Count().ShouldBe(18);
        division.Test.Select(TaskDivision.Family).Distinct().Count().ShouldBe(18);
        TaskDivision.Of(new("", ["*"], [], TaskSplit.Half), [.. Full.Reverse()], 1).Test.Select(t => t.Name).ShouldBe(division.Test.Select(t => t.Name));
        TaskDivision.Of(new("", ["*"], [], TaskSplit.Half), Full, 2).Test.Select(t => t.Name).ShouldNotBe(division.Test.Select(t => t.Name));
    }

    [Fact]
    public void Without_a_split_both_sides_have_all_tasks_that_the_patterns_leave()
    {
        var division = TaskDivision.Of(new("", ["log-*", "sum-column-?"], ["*-2"], TaskSplit.None), Full, 1);
        division.Test.Select(t => t.Name).ShouldBe(["log-summary-1", "sum-column-1"]);
        division.Selection.ShouldBe(division.Test);
    }

    [Fact]
    public void Families_of_odd_size_are_balanced_over_all()
    {
        var division = TaskDivision.Of(new("", ["*-1"], [], TaskSplit.Half), Full, 1);
        division.Selection.Count.ShouldBe(9);
        division.Test.Count.ShouldBe(9);
    }

    [Fact]
    public void A_pattern_that_matches_nothing_is_an_error()
    {
        Should.Throw<CapvecException>(() => TaskDivision.Of(new("here", ["fix-*"], [], TaskSplit.None), Full, 1)).Message.ShouldContain("'fix-*' of the study matches none of the 36 tasks");
        Should.Throw<CapvecException>(() => TaskDivision.Of(new("here", ["*"], ["*"], TaskSplit.None), Full, 1)).Message.ShouldContain("leave none");
        Should.Throw<CapvecException>(() => TaskDivision.Of(new("here", ["log-summary-1"], [], TaskSplit.Half), Full, 1)).Message.ShouldContain("the study has one task");
    }
}
