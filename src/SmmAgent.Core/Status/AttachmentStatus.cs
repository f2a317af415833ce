using SmmAgent.Contract;

namespace SmmAgent.Core.Status;

/// <summary>The verdict in status.json.</summary>
/// <param name="State">A word of <see cref="AttachmentStates.Name"/>.</param>
/// <param name="Since">When the state last changed; null if that is not known.</param>
/// <param name="Condition">The condition with the first cause; null if there is none.</param>
/// <param name="Reason">The reason of the first cause, which <c>smm-agent explain</c> explains; null if there is none.</param>
/// <param name="Message">The first cause in one line, without its fix; null if there is none.</param>
/// <param name="Fix">A command or a sentence that fixes the first cause; null if the cause has none.</param>
public sealed record AttachmentStatus(
    string State, DateTimeOffset? Since, string? Condition, string? Reason, string? Message, string? Fix)
{
    public static AttachmentStatus From(AttachmentVerdict attachment, DateTimeOffset? since)
    {
        var first = attachment.Problems.Count > 0 ? attachment.Problems[0] : null;
        return new(attachment.State.Name(), since, first?.Condition, first?.Reason, first?.Message, first?.Fix);
    }
}

/// <summary>Keeps when the verdict last changed. One writer.</summary>
public sealed class AttachmentLedger
{
    private AttachmentState? _state;
    private DateTimeOffset _since;

    /// <summary>Takes the present verdict.</summary>
    public AttachmentStatus Update(AttachmentVerdict attachment, DateTimeOffset now)
    {
        if (_state != attachment.State)
            (_state, _since) = (attachment.State, now);
        return AttachmentStatus.From(attachment, _since);
    }
}
