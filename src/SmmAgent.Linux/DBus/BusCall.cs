using Tmds.DBus.Protocol;

namespace SmmAgent.Linux.DBus;

/// <summary>Writes the arguments of a call.</summary>
public delegate void ArgumentWriter(ref MessageWriter writer);

/// <summary>Reads the body of a message.</summary>
public delegate T BodyReader<out T>(ref Reader body);

/// <summary>A method of an object on the bus, and the arguments to call it with.</summary>
/// <param name="Signature">The types of the arguments.</param>
public sealed record BusCall(
    string Destination, string Path, string Interface, string Member, string? Signature = null, ArgumentWriter? Arguments = null)
{
    /// <summary>Adds arguments that are all strings.</summary>
    public BusCall With(params IReadOnlyList<string> arguments) => With(new string('s', arguments.Count), (ref writer) =>
    {
        foreach (var argument in arguments)
            writer.WriteString(argument);
    });

    /// <summary>Adds arguments.</summary>
    /// <param name="signature">Their types.</param>
    public BusCall With(string signature, ArgumentWriter write) => this with { Signature = signature, Arguments = write };

    /// <summary>The message. It never starts a service that does not run.</summary>
    internal MessageBuffer Write(DBusConnection connection)
    {
        var writer = connection.GetMessageWriter();
        try
        {
            writer.WriteMethodCallHeader(Destination, Path, Interface, Member, Signature, MessageFlags.NoAutoStart);
            Arguments?.Invoke(ref writer);
            return writer.CreateMessage();
        }
        finally
        {
            writer.Dispose();
        }
    }
}
