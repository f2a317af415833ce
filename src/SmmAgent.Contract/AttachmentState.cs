namespace SmmAgent.Contract;

/// <summary>The verdict about a VM. <see cref="AttachmentRule"/> decides it, on the VM and at the dashboard.</summary>
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

/// <summary>The words of <see cref="AttachmentState"/>.</summary>
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

    /// <summary>Reads a word of status.json; a word of a newer version is <see cref="AttachmentState.Unknown"/>.</summary>
    public static AttachmentState Parse(string? name) =>
        Enum.GetValues<AttachmentState>().FirstOrDefault(state => state.Name() == name, AttachmentState.Unknown);
}
