namespace SmmAgent.Core.Status;

/// <summary>The verdict about a VM, which <c>smm-agent status</c> and systemd show first.</summary>
public enum AttachmentState
{
    /// <summary>The daemon does not run, so nothing is observed; or a verdict of a newer version.</summary>
    Unknown,

    /// <summary>The first observations after a start are not complete.</summary>
    Starting,

    /// <summary>Everything that is expected of this VM holds.</summary>
    Attached,

    /// <summary>The VM is attached, but a part is missing or will fail soon.</summary>
    Degraded,

    /// <summary>The mesh does not reach this VM, or this VM does not reach the mesh.</summary>
    NotAttached,

    /// <summary>A setting is missing without which the agent has nothing to do.</summary>
    NotConfigured,
}

public static class AttachmentStates
{
    /// <summary>The word of status.json: <c>not-attached</c>.</summary>
    public static string Name(this AttachmentState state) => state switch
    {
        AttachmentState.Starting => "starting",
        AttachmentState.Attached => "attached",
        AttachmentState.Degraded => "degraded",
        AttachmentState.NotAttached => "not-attached",
        AttachmentState.NotConfigured => "not-configured",
        _ => "unknown",
    };

    /// <summary>The words for people: <c>NOT ATTACHED</c>.</summary>
    public static string Title(this AttachmentState state) => state.Name().Replace('-', ' ').ToUpperInvariant();

    public static AttachmentState Parse(string? name) =>
        Enum.GetValues<AttachmentState>().FirstOrDefault(state => state.Name() == name, AttachmentState.Unknown);
}
