using System.Net;

namespace SmmAgent.Testing;

/// <summary>
/// Loopback addresses that no other test uses, also none of another test process: a gateway's ports are fixed, so each gateway has its own
/// address.
/// </summary>
public static class Loopback
{
    private static int _last;

    public static IPAddress Next()
    {
        // 256 addresses of 127.128.0.0/9 for each process.
        var number = (Environment.ProcessId << 8) + Interlocked.Increment(ref _last);
        return new IPAddress([127, (byte)(128 | (number >> 16)), (byte)(number >> 8), (byte)number]);
    }
}
