using Capvec.Agents.Tasks;
using Capvec.Experiments.Randomness;
using Capvec.Formats.Errors;
using Capvec.Numerics.Randomness;

namespace Capvec.Experiments.Studies;

/// <summary>Which tasks make the direction and choose, and which test; each by name (ordinal).</summary>
/// <param name="Selection">Tasks of collect and selection.</param>
/// <param name="Test">Tasks of the test; the same ones where tasks are not split.</param>
public sealed record TaskDivision(IReadOnlyList<HarborTask> Selection, IReadOnlyList<HarborTask> Test)
{
    /// <summary>Picks a study's tasks and divides them.</summary>
    /// <param name="choice">The study's choice.</param>
    /// <param name="tasks">All tasks of the folder.</param>
    /// <param name="seed">The study's seed.</param>
    /// <exception cref="CapvecException">A pattern matches nothing, or there are too few tasks to divide.</exception>
    public static TaskDivision Of(TaskChoice choice, IReadOnlyList<HarborTask> tasks, ulong seed)
    {
        foreach (var pattern in choice.Include.Concat(choice.Exclude))
        {
            if (!tasks.Any(t => TaskGroups.Matches(pattern, t.Name)))
                throw new CapvecException($"the pattern '{pattern}' of the study matches none of the {tasks.Count} tasks in {Place(choice)}; mend it (* and ? stand for any text and any letter).");
        }

        bool Among(IReadOnlyList<string> patterns, string name) => patterns.Any(p => TaskGroups.Matches(p, name));
        var chosen = tasks.Where(t => Among(choice.Include, t.Name) && !Among(choice.Exclude, t.Name)).OrderBy(t => t.Name, StringComparer.Ordinal).ToList();
        if (chosen.Count == 0)
            throw new CapvecException($"the study's include and exclude patterns leave none of the {tasks.Count} tasks in {Place(choice)}; widen them.");
        if (choice.Split == TaskSplit.None)
            return new(chosen, chosen);
        if (chosen.Count < 2)
            throw new CapvecException("tasks.split is half, but the study has one task; add tasks, or set split: none.");

        // Tasks of one name in several groups stay together: they differ in what the groups differ in, and the halves must not.
        List<HarborTask> selection = [], test = [];
        foreach (var family in chosen.GroupBy(Family, StringComparer.Ordinal).OrderBy(g => g.Key, StringComparer.Ordinal))
        {
            var members = family.GroupBy(t => TaskGroups.ShortName(t.Name), StringComparer.Ordinal).ToList();
            new SplitMix64(Seeds.Derive(seed, "split", family.Key)).Shuffle(members);
            foreach (var same in members)
                (selection.Count <= test.Count ? selection : test).AddRange(same);
        }

        return new([.. selection.OrderBy(t => t.Name, StringComparer.Ordinal)], [.. test.OrderBy(t => t.Name, StringComparer.Ordinal)]);
    }

    private static string Place(TaskChoice choice) => choice.Groups.Count == 0 ? choice.Folder : string.Join(", ", choice.Groups.Select(g => g.Value));

    /// <summary>Tasks of one kind: <c>metadata.family</c>, else <c>metadata.category</c>, else all together.</summary>
    public static string Family(HarborTask task)
    {
        foreach (var key in new[] { "family", "category" })
        {
            if (task.Config.Metadata.TryGetValue(key, out var value) && value is string text)
                return text;
        }

        return "";
    }
}
