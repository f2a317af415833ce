namespace SmmAgent.Core.Network;

/// <summary>Formats an address and a port, with IPv6 addresses in brackets.</summary>
public static class HostPort
{
    public static string Text(string host, int port) =>
        host.Contains(':', StringComparison.Ordinal) ? $"[{host}]:{port}" : $"{host}:{port}";
}
