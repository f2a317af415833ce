using SmmAgent.Checks.Observations;
using SmmAgent.Core.Checks;

namespace SmmAgent.Checks;

/// <summary>One prerequisite of attaching this VM, looked at and never changed.</summary>
/// <param name="id">Stable, in kebab case, with its group as prefix: <c>dashboard-token</c>.</param>
/// <param name="title">A few words for people.</param>
internal abstract class Check(string id, CheckGroup group, string title)
{
    /// <summary>What cures that this user may not see something.</summary>
    public const string AsRoot = CheckContext.AsRoot;

    public string Id => id;

    public CheckGroup Group => group;

    public string Title => title;

    /// <summary>Looks.</summary>
    /// <returns>One line, or one for each subject.</returns>
    public abstract Task<IReadOnlyList<CheckLine>> RunAsync(CheckContext context, CancellationToken cancel);

    protected static Task<IReadOnlyList<CheckLine>> One(CheckLine line) => Task.FromResult<IReadOnlyList<CheckLine>>([line]);
}
