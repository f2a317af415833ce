using SmmAgent.Core.Conditions;

namespace SmmAgent.Core.Status;

/// <summary>A cause for which a VM is not attached, or is degraded.</summary>
/// <param name="Message">What is wrong, in one line and without the fix.</param>
/// <param name="Fix">The command or the sentence that fixes it; null if the message has none.</param>
/// <param name="Condition">The type of the condition; null for a problem that is not a condition.</param>
/// <param name="Reason">The reason, which <c>smm-agent explain</c> explains; null without a condition.</param>
public sealed record AttachmentProblem(string Message, string? Fix = null, string? Condition = null, string? Reason = null)
{
    /// <summary>When the condition became False; null without a condition.</summary>
    public DateTimeOffset? Since { get; init; }

    /// <summary>The types of the conditions that do not hold because of this problem.</summary>
    public IReadOnlyList<string> Effects { get; init; } = [];

    /// <summary>Whether <see cref="Fix"/> is a command that can be run as it is.</summary>
    public bool IsCommand { get; init; }

    public static AttachmentProblem From(ConditionCause cause)
    {
        var condition = cause.Cause;
        return From(condition.Message) with
        {
            Condition = condition.Type,
            Reason = condition.Reason,
            Since = condition.Status == nameof(ConditionStatus.False) ? condition.LastTransitionTime : null,
            Effects = cause.Effects.Select(effect => effect.Type).ToArray(),
        };
    }

    public static AttachmentProblem From(string message)
    {
        var advice = ConditionAdvice.From(message);
        return new(advice.Finding, advice.Fix) { IsCommand = advice.IsCommand };
    }
}
