using System.Globalization;
using System.Text;

namespace SmmAgent.Linux.Systemd;

/// <summary>systemd on the bus, org.freedesktop.systemd1(5): its calls, objects and properties.</summary>
internal sealed class SystemdBus(SdBus bus) : IDisposable
{
    public const string BusName = "org.freedesktop.systemd1";
    public const string ManagerPath = "/org/freedesktop/systemd1";
    public const string Manager = "org.freedesktop.systemd1.Manager";
    public const string Unit = "org.freedesktop.systemd1.Unit";
    public const string Service = "org.freedesktop.systemd1.Service";

    public SdBus Bus => bus;

    /// <summary>Where a unit's object is: what is no letter or digit is escaped, and so is a digit at the beginning.</summary>
    public static string PathOf(string unit)
    {
        var path = new StringBuilder($"{ManagerPath}/unit/");
        var start = path.Length;
        foreach (var one in Encoding.UTF8.GetBytes(unit))
        {
            if (char.IsAsciiLetter((char)one) || (char.IsAsciiDigit((char)one) && path.Length > start))
                path.Append((char)one);
            else
                path.Append(CultureInfo.InvariantCulture, $"_{one:x2}");
        }

        return path.ToString();
    }

    public BusMessage NewCall(string method) => bus.NewCall(BusName, ManagerPath, Manager, method);

    // What comes of it is told to the operator as it is, so it says whose words these are.
    public BusMessage Call(BusMessage call)
    {
        try
        {
            return bus.Call(call);
        }
        catch (DBusException exception)
        {
            throw new DBusException(exception.Name, $"systemd {(exception.IsRefusal ? "refuses" : "fails")}: {exception.Message}");
        }
    }

    /// <summary>The unit's object, also of a unit that does not exist: it is loaded as not-found.</summary>
    public string Load(string unit)
    {
        using var reply = Call(NewCall("LoadUnit").Add(unit));
        return reply.ReadString('o');
    }

    public string Text(string path, string @interface, string property) => Property(path, @interface, property, "s", value => value.ReadString());

    public IReadOnlyList<string> Texts(string path, string @interface, string property) =>
        Property(path, @interface, property, "as", value => value.ReadStrings());

    public int Number(string path, string @interface, string property) => Property(path, @interface, property, "u", value => value.ReadUnsigned());

    /// <summary>Microseconds.</summary>
    public ulong Time(string path, string @interface, string property) => Property(path, @interface, property, "t", value => value.ReadUnsignedLong());

    public void Dispose() => bus.Dispose();

    private T Property<T>(string path, string @interface, string property, string type, Func<BusMessage, T> read)
    {
        using var reply = Call(bus.NewCall(BusName, path, "org.freedesktop.DBus.Properties", "Get").Add(@interface).Add(property));
        return reply.ReadVariant(type, read);
    }
}
