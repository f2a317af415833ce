namespace SmmAgent.Linux.DBus;

/// <summary>A D-Bus call that failed. The message is one line.</summary>
/// <param name="name">The name of the error, for example <c>org.freedesktop.DBus.Error.AccessDenied</c>.</param>
/// <param name="message">The message of the other side, of the bus or of the connection.</param>
public sealed class DBusException(string name, string message) : IOException(message)
{
    /// <summary>No process listens at the address of the bus.</summary>
    public const string NoBus = "NoBus";

    /// <summary>The call was sent, and no answer came.</summary>
    public const string NoReply = "org.freedesktop.DBus.Error.NoReply";

    public const string AccessDenied = "org.freedesktop.DBus.Error.AccessDenied";
    public const string AuthorizationRequired = "org.freedesktop.DBus.Error.InteractiveAuthorizationRequired";
    public const string InvalidSignature = "org.freedesktop.DBus.Error.InvalidSignature";
    /// <summary>Another connection has the name.</summary>
    public const string NameIsTaken = "NameIsTaken";

    public const string NameHasNoOwner = "org.freedesktop.DBus.Error.NameHasNoOwner";
    public const string ServiceUnknown = "org.freedesktop.DBus.Error.ServiceUnknown";

    public string Name { get; } = name;

    /// <summary>Whether the other side received the call and refuses it for this user.</summary>
    public bool IsRefusal => Name is AccessDenied or AuthorizationRequired;

    /// <summary>Whether the host has no bus. A bus that refuses a call is a different case.</summary>
    public bool IsAbsence => Name is NoBus;
}
