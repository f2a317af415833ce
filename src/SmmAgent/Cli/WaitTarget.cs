using SmmAgent.Contract;
using SmmAgent.Core.Conditions;
using SmmAgent.Core.Status;

namespace SmmAgent.Cli;

/// <summary>What <c>status --wait</c> waits for.</summary>
/// <param name="Condition">The type of a condition; null for the state ATTACHED.</param>
/// <param name="Status">The status of the condition.</param>
public sealed record WaitTarget(string? Condition, string Status)
{
    // As in kubectl wait --for=condition=Ready.
    private const string Prefix = "condition=";

    private static readonly string Attached = AttachmentState.Attached.Title();

    private static readonly string[] Statuses =
        [nameof(ConditionStatus.True), nameof(ConditionStatus.False), nameof(ConditionStatus.Unknown)];

    /// <returns>The target, or the reason why the text is invalid.</returns>
    public static (WaitTarget? Value, string? Reason) Parse(string? text)
    {
        if (string.IsNullOrEmpty(text))
            return (new(null, nameof(ConditionStatus.True)), null);

        if (text.Equals(Attached, StringComparison.OrdinalIgnoreCase))
            return Parse(null);

        var words = (text.StartsWith(Prefix, StringComparison.Ordinal) ? text[Prefix.Length..] : text).Split('=', 2);
        if (Find(ConditionType.All, words[0]) is not { } type)
        {
            return (null, $"there is no condition '{NameRules.Shown(words[0])}'"
                + Spelling.Suggestion(words[0], [Attached, .. ConditionType.All], "the conditions are"));
        }

        return Find(Statuses, words.Length > 1 ? words[1] : nameof(ConditionStatus.True)) is { } status
            ? (new(type, status), null)
            : (null, $"'{NameRules.Shown(words[1])}' is not one of {string.Join(", ", Statuses)}");
    }

    public bool IsReached(AgentStatus status) => Condition is null
        ? AttachmentStates.Parse(status.Attachment?.State) == AttachmentState.Attached
        : Find(status)?.Status == Status;

    /// <summary>The present state of what is waited for, in one line.</summary>
    public string Describe(AgentStatus status) =>
        Condition is null ? $"this VM is {AttachmentStates.Parse(status.Attachment?.State).Title()}"
        : Find(status) is { } condition ? OneLine.ReplaceUnprintable($"{condition.Type} is {condition.Status} ({condition.Reason})")
        : $"{Condition} is not known yet";

    private Condition? Find(AgentStatus status) => status.Conditions.FirstOrDefault(condition => condition.Type == Condition);

    private static string? Find(IReadOnlyList<string> known, string word) =>
        known.FirstOrDefault(one => one.Equals(word, StringComparison.OrdinalIgnoreCase));
}
