namespace Capvec.Experiments.Studies;

/// <summary>Which tasks a study runs on.</summary>
/// <param name="Folder">Folder of task folders; empty where there are groups.</param>
/// <param name="Include">Name patterns (<c>*</c> and <c>?</c>) of the tasks that enter.</param>
/// <param name="Exclude">Name patterns of tasks that are left out all the same.</param>
/// <param name="Split">Whether selection and test have tasks of their own.</param>
public sealed record TaskChoice(string Folder, IReadOnlyList<string> Include, IReadOnlyList<string> Exclude, TaskSplit Split)
{
    /// <summary>Folders of task folders by name, in the file's order, in place of one folder; see <see cref="TaskGroups"/>.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Groups { get; init; } = [];
}
