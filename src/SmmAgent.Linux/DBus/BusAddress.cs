using System.Net.Sockets;

namespace SmmAgent.Linux.DBus;

/// <summary>Addresses of a bus, in the syntax of the D-Bus specification. Only Unix sockets are supported.</summary>
internal static class BusAddress
{
    /// <summary>The address of the system bus: <c>DBUS_SYSTEM_BUS_ADDRESS</c>, else the well-known address.</summary>
    public static string System =>
        Environment.GetEnvironmentVariable("DBUS_SYSTEM_BUS_ADDRESS") ?? "unix:path=/run/dbus/system_bus_socket";

    /// <summary>Connects to the first entry of an address that accepts the connection. Does not block.</summary>
    /// <exception cref="DBusException">None accepts it.</exception>
    public static Socket Connect(string address)
    {
        var reason = "the address has no Unix socket";
        foreach (var endPoint in Parse(address))
        {
            // Non-blocking: the kernel connects at once or, when the queue of the bus is full, fails with EAGAIN.
            var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified) { Blocking = false };
            try
            {
                socket.Connect(endPoint);
                socket.Blocking = true; // NetworkStream insists on it; its asynchronous calls do not block.
                return socket;
            }
            catch (SocketException exception)
            {
                socket.Dispose();
                // The framework has one error for two of the kernel, and its text is that of the other.
                reason = exception.SocketErrorCode == SocketError.AddressNotAvailable ? "No such file or directory" : exception.Message;
            }
        }

        throw new DBusException(DBusException.NoBus, $"no system bus at {address}: {reason}");
    }

    private static IEnumerable<UnixDomainSocketEndPoint> Parse(string address)
    {
        foreach (var entry in address.Split(';', StringSplitOptions.RemoveEmptyEntries))
        {
            if (!entry.StartsWith("unix:", StringComparison.Ordinal))
                continue;
            foreach (var pair in entry["unix:".Length..].Split(','))
            {
                if (EndPoint(pair) is { } endPoint)
                    yield return endPoint;
            }
        }
    }

    private static UnixDomainSocketEndPoint? EndPoint(string pair)
    {
        var (key, value) = pair.Split('=', 2) is [var name, var escaped] ? (name, Uri.UnescapeDataString(escaped)) : (pair, "");
        try
        {
            return key switch
            {
                "path" => new(value),
                "abstract" => new($"\0{value}"),
                _ => null,
            };
        }
        catch (ArgumentException)
        {
            return null; // Empty, or longer than the path of a socket can be.
        }
    }
}
