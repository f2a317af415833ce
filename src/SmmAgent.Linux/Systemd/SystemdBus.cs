using System.Globalization;
using System.Text;
using SmmAgent.Linux.DBus;
using Tmds.DBus.Protocol;

namespace SmmAgent.Linux.Systemd;

/// <summary>systemd on the bus, org.freedesktop.systemd1(5): its calls, objects and properties.</summary>
internal sealed class SystemdBus(BusConnection bus) : IDisposable
{
    public const string BusName = "org.freedesktop.systemd1";
    public const string ManagerPath = "/org/freedesktop/systemd1";
    public const string Manager = "org.freedesktop.systemd1.Manager";
    public const string Unit = "org.freedesktop.systemd1.Unit";
    public const string Service = "org.freedesktop.systemd1.Service";

    public BusConnection Connection => bus;

    /// <summary>The path of a unit's object. All but letters and digits is escaped, and so is a digit at the beginning.</summary>
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

    /// <summary>A method of the manager.</summary>
    public static BusCall Method(string name) => new(BusName, ManagerPath, Manager, name);

    /// <summary>A signal of the manager.</summary>
    public static MatchRule Signal(string name) =>
        new() { Type = MessageType.Signal, Sender = BusName, Path = ManagerPath, Interface = Manager, Member = name };

    /// <inheritdoc cref="BusConnection.ChangeAsync(BusCall, CancellationToken)"/>
    public Task ChangeAsync(BusCall call, CancellationToken cancel) => ExplainedAsync(async () =>
    {
        await bus.ChangeAsync(call, cancel);
        return true;
    });

    /// <summary>Makes a call that queues a job or a unit.</summary>
    /// <inheritdoc cref="BusConnection.ChangeAsync(BusCall, CancellationToken)"/>
    /// <returns>The path of the object.</returns>
    public Task<string> CreateAsync(BusCall call, CancellationToken cancel) =>
        ExplainedAsync(() => bus.ChangeAsync(call, "o", (ref reply) => reply.ReadObjectPathAsString(), cancel));

    /// <summary>The path of the unit's object. A unit that does not exist has one as well: it is loaded as not-found.</summary>
    public Task<string> LoadAsync(string unit, CancellationToken cancel) =>
        ReadAsync(Method("LoadUnit").With(unit), "o", (ref reply) => reply.ReadObjectPathAsString(), cancel);

    public Task<string> TextAsync(string path, string @interface, string property, CancellationToken cancel) =>
        PropertyAsync(path, @interface, property, "s", (ref value) => value.ReadString(), cancel);

    public Task<string[]> TextsAsync(string path, string @interface, string property, CancellationToken cancel) =>
        PropertyAsync(path, @interface, property, "as", (ref value) => value.ReadArrayOfString(), cancel);

    public Task<uint> NumberAsync(string path, string @interface, string property, CancellationToken cancel) =>
        PropertyAsync(path, @interface, property, "u", (ref value) => value.ReadUInt32(), cancel);

    /// <summary>A time, in microseconds.</summary>
    public Task<ulong> TimeAsync(string path, string @interface, string property, CancellationToken cancel) =>
        PropertyAsync(path, @interface, property, "t", (ref value) => value.ReadUInt64(), cancel);

    public void Dispose() => bus.Dispose();

    private Task<T> PropertyAsync<T>(
        string path, string @interface, string property, string type, BodyReader<T> read, CancellationToken cancel) =>
        ReadAsync(
            new BusCall(BusName, path, "org.freedesktop.DBus.Properties", "Get").With(@interface, property),
            "v",
            (ref reply) =>
            {
                reply.ReadSignature(type);
                return read(ref reply);
            },
            cancel);

    private Task<T> ReadAsync<T>(BusCall call, string signature, BodyReader<T> read, CancellationToken cancel) =>
        ExplainedAsync(() => bus.ReadAsync(call, signature, read, cancel));

    // The operator reads the message as it is, so it says that systemd is the one that failed.
    private static async Task<T> ExplainedAsync<T>(Func<Task<T>> call)
    {
        try
        {
            return await call();
        }
        catch (DBusException exception)
        {
            throw new DBusException(exception.Name, $"systemd {(exception.IsRefusal ? "refuses" : "fails")}: {exception.Message}");
        }
    }
}
