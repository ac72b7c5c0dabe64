using Capvec.Experiments.Results;
using Capvec.Experiments.Storage;
using Capvec.Formats.Errors;
using Microsoft.Data.Sqlite;

namespace Capvec.Experiments.Tests.Storage;

public class StudyStoreTests
{
    private static readonly TrialRow Row = new(
        "test", "L3 x4", "fix-git", 2, ulong.MaxValue - 5, 0.25, null, 4, 321, new() { ParseFail = 1, NoCmd = 2, EarlyDone = 3, LengthCut = 4, Refusal = 5, Loop = 6, Timeout = 7 },
        "traces/test/L3_x4/fix-git.2.json", new DateTimeOffset(2026, 1, 2, 3, 4, 5, 678, TimeSpan.FromHours(2)).AddTicks(9), 1.0 / 3)
    {
        TokensHash = "0123456789abcdef",
    };

    [Fact]
    public void A_trial_comes_back_as_it_was_from_a_store_opened_again()
    {
        using var scratch = new Scratch();
        using (var store = StudyStore.Open(scratch.Folder))
        {
            store.Add(Row, "inputs");
            store.Add(Row with { Attempt = 0, Reward = null, Failure = "no sandbox" }, "inputs");
            store.Add(Row with { Stage = "collect", Reward = 1 }, "others");
        }

        using var again = StudyStore.OpenExisting(scratch.Folder);
        again.Trials().ShouldBe([Row with { Stage = "collect", Reward = 1 }, Row with { Attempt = 0, Reward = null, Failure = "no sandbox" }, Row]);
        again.Inputs("test").ShouldBe(new Dictionary<TrialKey, string>
        {
            [new("test", "L3 x4", "fix-git", 0)] = "inputs",
            [new("test", "L3 x4", "fix-git", 2)] = "inputs",
        }, ignoreOrder: true);
    }

    [Fact]
    public void A_trial_run_again_replaces_the_one_before()
    {
        using var scratch = new Scratch();
        using var store = StudyStore.Open(scratch.Folder);
        store.Add(Row, "old");
        store.Add(Row with { Reward = 1 }, "new");
        store.Trials().Single().Reward.ShouldBe(1);
        store.Inputs("test").Single().Value.ShouldBe("new");
    }

    [Fact]
    public void Trials_that_are_not_planned_any_more_and_nulls_are_forgotten_on_request()
    {
        using var scratch = new Scratch();
        using var store = StudyStore.Open(scratch.Folder);
        store.Add(Row, "i");
        store.Add(Row with { Arm = "gone" }, "i");
        store.Add(Row with { Stage = "collect", Arm = "gone", Reward = null, Failure = "f" }, "i");
        store.Keep("test", new HashSet<TrialKey> { new("test", Row.Arm, Row.Task, Row.Attempt) }).ShouldBe(1);
        store.Trials().Select(t => (t.Stage, t.Arm)).ShouldBe([("collect", "gone"), ("test", "L3 x4")]);
        store.ForgetNulls().ShouldBe(1);
        store.Trials().ShouldBe([Row]);
    }

    [Fact]
    public void Arms_steps_and_facts_are_kept()
    {
        using var scratch = new Scratch();
        using var store = StudyStore.Open(scratch.Folder);
        ArmRow[] arms =
        [
            new("test", 0, "base", ArmKind.Base, [], null, null, null, 10),
            new("test", 1, "sft", ArmKind.Adapter, [], null, null, "sft", 10),
            new("test", 2, "L3-4 x4", ArmKind.Steered, [3, 4], 4, null, null, 10),
        ];
        store.SetArms("test", [arms[0] with { Name = "older" }]);
        store.SetArms("test", arms);
        var read = store.Arms();
        read.Select(a => a with { Layers = [] }).ShouldBe(arms.Select(a => a with { Layers = [] }));
        read[2].Layers.ShouldBe([3, 4]);

        store.Step("capture").ShouldBeNull();
        store.FinishStep("capture", "a", DateTimeOffset.UnixEpoch);
        store.FinishStep("capture", "b", DateTimeOffset.UnixEpoch);
        store.Step("capture").ShouldBe("b");
        store.SetFact("k", "v");
        store.SetFact("k", "w");
        store.Fact("k").ShouldBe("w");
        store.Fact("other").ShouldBeNull();
    }

    [Fact]
    public async Task Many_threads_may_add_at_once()
    {
        using var scratch = new Scratch();
        using var store = StudyStore.Open(scratch.Folder);
        await Parallel.ForAsync(0, 60, TestContext.Current.CancellationToken, (i, _) =>
        {
            store.Add(Row with { Attempt = i }, "i");
            return ValueTask.CompletedTask;
        });
        store.Trials().Select(t => t.Attempt).ShouldBe(Enumerable.Range(0, 60));
    }

    [Fact]
    public void What_is_no_store_is_refused_in_a_line()
    {
        using var scratch = new Scratch();
        Should.Throw<CapvecException>(() => StudyStore.OpenExisting(scratch.Folder)).Message.ShouldContain("holds no study");
        File.WriteAllText(StudyStore.PathIn(scratch.Folder), "this is no database, but a text that is long enough to be looked at");
        Should.Throw<CapvecException>(() => StudyStore.Open(scratch.Folder)).Message.ShouldContain("is not a store of Capvec, or is damaged");
    }

    [Fact]
    public void A_store_of_a_later_version_is_refused()
    {
        using var scratch = new Scratch();
        using (var connection = new SqliteConnection($"Data Source={StudyStore.PathIn(scratch.Folder)};Pooling=False"))
        {
            connection.Open();
            using var command = connection.CreateCommand();
            command.CommandText = "pragma user_version = 99";
            command.ExecuteNonQuery();
        }

        Should.Throw<CapvecException>(() => StudyStore.Open(scratch.Folder)).Message.ShouldContain("later version of Capvec (store version 99");
    }

    [Fact]
    public void A_folder_serves_one_process_and_one_study()
    {
        using var scratch = new Scratch();
        var folder = new StudyFolder(scratch["out"]);
        using (folder.Claim("name: a", "a.yaml"))
        {
            File.ReadAllText(folder.Study).ShouldBe("name: a");
            Should.Throw<CapvecException>(() => folder.Claim("name: a", "a.yaml")).Message.ShouldContain("another process is running a study in");
        }

        using (folder.Claim("name: a", "a.yaml"))
        {
        }

        var changed = Should.Throw<CapvecException>(() => folder.Claim("name: b", "a.yaml")).Message;
        changed.ShouldStartWith("a.yaml is not the study that");
        changed.ShouldContain("a study is fixed once it has started. Give another --out folder");
        File.ReadAllText(folder.Study).ShouldBe("name: a");
    }
}
