namespace SmmAgent.Core.Network;

/// <summary>An address and a port as one reads and types them: IPv6 in brackets.</summary>
public static class HostPort
{
    public static string Text(string host, int port) =>
        host.Contains(':', StringComparison.Ordinal) ? $"[{host}]:{port}" : $"{host}:{port}";
}
