using System.IO.Enumeration;
using Capvec.Agents.Tasks;

namespace Capvec.Experiments.Studies;

/// <summary>Tasks from several folders: each is called <c>group/task</c>, so that tasks of one name in two folders are kept apart and yet known to be the same but for what the groups differ in.</summary>
public static class TaskGroups
{
    private const char Separator = '/';

    /// <summary>The tasks of a study's folder, or of each of its groups.</summary>
    /// <exception cref="Formats.Errors.CapvecException">A folder holds no task, or one that is wrong.</exception>
    public static IReadOnlyList<HarborTask> Load(TaskChoice choice) => choice.Groups.Count == 0
        ? TaskReader.LoadAll(choice.Folder)
        : [.. choice.Groups.SelectMany(group => TaskReader.LoadAll(group.Value).Select(task => task with { Name = $"{group.Key}{Separator}{task.Name}" }))];

    /// <summary>The group of a task, or "" where there are no groups.</summary>
    public static string Of(string task) => task.IndexOf(Separator, StringComparison.Ordinal) is > 0 and var at ? task[..at] : "";

    /// <summary>The task's name within its group.</summary>
    public static string ShortName(string task) => task[(task.IndexOf(Separator, StringComparison.Ordinal) + 1)..];

    /// <summary>Whether a task's name fits a pattern (<c>*</c> and <c>?</c>).</summary>
    public static bool Matches(string pattern, string task) => FileSystemName.MatchesSimpleExpression(pattern, task, ignoreCase: false);
}
