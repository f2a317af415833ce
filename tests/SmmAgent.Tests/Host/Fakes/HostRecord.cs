namespace SmmAgent.Tests.Host.Fakes;

/// <summary>The calls to the fakes of a host, in order.</summary>
internal sealed class HostRecord
{
    private readonly List<string> _calls = [];

    /// <summary>Actions to run while a call is made, by its text.</summary>
    public Dictionary<string, Action> During { get; } = [];

    public IReadOnlyList<string> Calls => _calls;

    public void Add(string call)
    {
        _calls.Add(call);
        if (During.TryGetValue(call, out var act))
            act();
    }
}
