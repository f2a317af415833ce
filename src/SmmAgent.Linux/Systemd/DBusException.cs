namespace SmmAgent.Linux.Systemd;

/// <summary>A D-Bus call that failed, in one line.</summary>
/// <param name="name">The error's name, for example <c>org.freedesktop.DBus.Error.AccessDenied</c>.</param>
/// <param name="message">What the other side, or the bus, said.</param>
public sealed class DBusException(string name, string message) : IOException(message)
{
    /// <summary>libsystemd is not on this host.</summary>
    public const string NoLibrary = "NoLibrary";

    /// <summary>There is nothing at the bus's address.</summary>
    public const string NoBus = "NoBus";

    /// <summary>The call was sent, and no answer came.</summary>
    public const string NoReply = "org.freedesktop.DBus.Error.NoReply";

    public const string AccessDenied = "org.freedesktop.DBus.Error.AccessDenied";
    public const string AuthorizationRequired = "org.freedesktop.DBus.Error.InteractiveAuthorizationRequired";
    public const string ServiceUnknown = "org.freedesktop.DBus.Error.ServiceUnknown";
    public const string NameHasNoOwner = "org.freedesktop.DBus.Error.NameHasNoOwner";

    public string Name { get; } = name;

    /// <summary>The other side is there, and does not do it for this user.</summary>
    public bool IsRefusal => Name is AccessDenied or AuthorizationRequired;

    /// <summary>There is no bus to speak to, which is another thing than a bus that refuses.</summary>
    public bool IsAbsence => Name is NoLibrary or NoBus;
}
