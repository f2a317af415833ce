using SmmAgent.Checks.Observations;
using SmmAgent.Core.Checks;

namespace SmmAgent.Checks;

/// <summary>Checks one prerequisite of attaching this VM, without changing anything.</summary>
/// <param name="id">Stable, in kebab case, with its group as prefix: <c>dashboard-token</c>.</param>
/// <param name="title">A short title.</param>
internal abstract class Check(string id, CheckGroup group, string title)
{
    /// <summary>The fix if this user lacks permissions.</summary>
    public const string AsRoot = CheckContext.AsRoot;

    public string Id => id;

    public CheckGroup Group => group;

    public string Title => title;

    /// <summary>Runs the check.</summary>
    /// <returns>One line, or one line for each subject.</returns>
    public abstract Task<IReadOnlyList<CheckLine>> RunAsync(CheckContext context, CancellationToken cancel);

    protected static Task<IReadOnlyList<CheckLine>> One(CheckLine line) => Task.FromResult<IReadOnlyList<CheckLine>>([line]);
}
