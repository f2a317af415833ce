using System.Net;

namespace SmmAgent.Testing;

/// <summary>Loopback addresses that no other test uses: a gateway's ports are fixed, so each gateway has its own address.</summary>
public static class Loopback
{
    private static int _last;

    public static IPAddress Next()
    {
        var number = Interlocked.Increment(ref _last);
        return new IPAddress([127, (byte)(64 + (Environment.ProcessId % 100)), (byte)(number >> 8), (byte)number]);
    }
}
