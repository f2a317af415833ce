using System.Text;
using Tmds.DBus.Protocol;

namespace SmmAgent.Linux.DBus;

/// <summary>A property of an exported object. All are texts.</summary>
/// <param name="Set">Changes it, and throws <see cref="ArgumentException"/> for an invalid value; null for a property that is read-only.
/// </param>
public sealed record BusProperty(string Name, Func<string> Get, Action<string>? Set = null);

/// <summary>An object that this process offers on the bus: one interface with properties, and no method.</summary>
/// <remarks>The policy of the bus decides who may call it; see packaging/dbus.</remarks>
public sealed class BusObject(string path, string @interface, IReadOnlyList<BusProperty> properties)
{
    private const string InvalidArguments = "org.freedesktop.DBus.Error.InvalidArgs";
    private const string UnknownProperty = "org.freedesktop.DBus.Error.UnknownProperty";
    private const string UnknownInterface = "org.freedesktop.DBus.Error.UnknownInterface";
    private const string ReadOnly = "org.freedesktop.DBus.Error.PropertyReadOnly";

    internal IPathMethodHandler Handler => new Calls(this, path);

    // A call that gets no answer here is answered by the library: Peer, or an unknown method.
    private void Answer(MethodContext context)
    {
        if (context.IsDBusIntrospectRequest)
        {
            ReadOnlySpan<ReadOnlyMemory<byte>> described =
                [Encoding.UTF8.GetBytes(Description()), IntrospectionXml.DBusProperties, IntrospectionXml.DBusIntrospectable];
            context.ReplyIntrospectXml(described, ReadOnlySpan<string>.Empty);
        }
        else if (context.IsPropertiesInterfaceRequest)
        {
            switch (context.Request.MemberAsString, context.Request.SignatureAsString)
            {
                case ("Get", "ss"):
                    Get(context);
                    break;
                case ("GetAll", "s"):
                    GetAll(context);
                    break;
                case ("Set", "ssv"):
                    Set(context);
                    break;
            }
        }
    }

    private void Get(MethodContext context)
    {
        var body = context.Request.GetBodyReader();
        if (Find(context, body.ReadString(), body.ReadString()) is not { } property)
            return;

        var reply = context.CreateReplyWriter("v");
        reply.WriteVariantString(property.Get());
        context.Reply(reply.CreateMessage());
    }

    private void GetAll(MethodContext context)
    {
        var wanted = context.Request.GetBodyReader().ReadString();
        if (wanted != @interface)
        {
            context.ReplyError(UnknownInterface, $"the interface is {@interface}");
            return;
        }

        var reply = context.CreateReplyWriter("a{sv}");
        reply.WriteDictionary(properties.ToDictionary(property => property.Name, property => VariantValue.String(property.Get())));
        context.Reply(reply.CreateMessage());
    }

    private void Set(MethodContext context)
    {
        var body = context.Request.GetBodyReader();
        if (Find(context, body.ReadString(), body.ReadString()) is not { } property)
            return;

        var value = body.ReadVariantValue();
        if (property.Set is not { } set)
        {
            context.ReplyError(ReadOnly, $"{property.Name} cannot be changed");
            return;
        }

        try
        {
            set(value.Type == VariantValueType.String ? value.GetString() : throw new ArgumentException($"{property.Name} is a string"));
        }
        catch (ArgumentException exception)
        {
            context.ReplyError(InvalidArguments, exception.Message);
            return;
        }

        context.Reply(context.CreateReplyWriter(null).CreateMessage());
    }

    private BusProperty? Find(MethodContext context, string wanted, string name)
    {
        // An empty name means any interface.
        if (wanted.Length > 0 && wanted != @interface)
        {
            context.ReplyError(UnknownInterface, $"the interface is {@interface}");
            return null;
        }

        var found = properties.FirstOrDefault(property => property.Name == name);
        if (found is null)
            context.ReplyError(UnknownProperty, $"the properties are {string.Join(", ", properties.Select(property => property.Name))}");
        return found;
    }

    private string Description()
    {
        var text = new StringBuilder($"<interface name=\"{@interface}\">\n");
        foreach (var property in properties)
        {
            var access = property.Set is null ? "read" : "readwrite";
            text.Append("  <property name=\"").Append(property.Name).Append("\" type=\"s\" access=\"").Append(access).Append("\">\n")
                .Append("    <annotation name=\"org.freedesktop.DBus.Property.EmitsChangedSignal\" value=\"false\"/>\n  </property>\n");
        }

        return text.Append("</interface>\n").ToString();
    }

    // The type of the library is no part of the surface of this namespace.
    private sealed class Calls(BusObject target, string path) : IPathMethodHandler
    {
        public string Path => path;

        public bool HandlesChildPaths => false;

        public ValueTask HandleMethodAsync(MethodContext context)
        {
            target.Answer(context);
            return default;
        }
    }
}
