using System.Collections.Concurrent;
using SmmAgent.Contract;

namespace SmmDashboard.Agents;

/// <summary>Type, status and reason of a condition, without its message. Equal conditions of many machines are one instance.</summary>
public sealed record ConditionState
{
    /// <summary>The maximum number of shared instances. Agents choose the texts, so the number of different ones has no limit.</summary>
    private const int MaximumShared = 4096;

    private const int LongestText = 64;

    private static readonly ConcurrentDictionary<string, string> Texts = [];
    private static readonly ConcurrentDictionary<(string Type, string Status, string Reason), ConditionState> Shared = [];

    private ConditionState(string type, string status, string reason) => (Type, Status, Reason) = (type, status, reason);

    public string Type { get; }

    public string Status { get; }

    public string Reason { get; }

    /// <summary>Whether the condition needs attention: it does not hold, or a part is missing.</summary>
    public bool IsBad => Status == "False" || Reason == "Degraded";

    public static ConditionState From(Condition condition) => From(condition.Type, condition.Status, condition.Reason);

    public static ConditionState From(string type, string status, string reason)
    {
        (type, status, reason) = (Cut(type), Cut(status), Cut(reason));
        var key = (type, status, reason);
        return Shared.TryGetValue(key, out var known) ? known
            : Shared.Count >= MaximumShared ? new ConditionState(type, status, reason)
            : Shared.GetOrAdd(key, _ => new ConditionState(type, status, reason));
    }

    /// <summary>Returns one instance for equal texts of many machines, for example versions.</summary>
    public static string Share(string text) => Texts.TryGetValue(text, out var known) ? known
        : Texts.Count >= MaximumShared ? text
        : Texts.GetOrAdd(text, text);

    private static string Cut(string text) => OneLine.ReplaceUnprintable(text, '?', LongestText);
}
