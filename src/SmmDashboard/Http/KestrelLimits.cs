using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace SmmDashboard.Http;

/// <summary>What one client may cost before any of our code runs.</summary>
public static class KestrelLimits
{
    /// <summary>The largest body of any call; each call has its own, smaller limit.</summary>
    public const int MaximumBody = 512 * 1024;

    public static void Set(KestrelServerOptions options)
    {
        options.AddServerHeader = false;
        options.Limits.MaxConcurrentConnections = 20_000;
        options.Limits.MaxRequestBodySize = MaximumBody;
        options.Limits.MaxRequestBufferSize = 64 * 1024;
        options.Limits.MaxRequestLineSize = 4 * 1024;
        options.Limits.MaxRequestHeaderCount = 50;
        options.Limits.MaxRequestHeadersTotalSize = 24 * 1024;
        options.Limits.RequestHeadersTimeout = TimeSpan.FromSeconds(10);
        options.Limits.KeepAliveTimeout = TimeSpan.FromSeconds(90);
        options.Limits.MinRequestBodyDataRate = new MinDataRate(bytesPerSecond: 1024, gracePeriod: TimeSpan.FromSeconds(5));
        options.Limits.Http2.MaxStreamsPerConnection = 20;
    }
}
