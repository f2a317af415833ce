using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace SmmDashboard.Http;

/// <summary>What one client may cost before any of our code runs.</summary>
public static class KestrelLimits
{
    /// <summary>The largest body of any call; each call has its own, smaller limit.</summary>
    public const int MaximumBody = 512 * 1024;

    /// <param name="options">What to set. The number of connections is <see cref="Connections.ConnectionLimits"/>' part, which does not count those for the status.</param>
    /// <param name="idle">How long a connection may be open without a request. It holds until the first byte and between requests, not while a request is held.</param>
    public static void Set(KestrelServerOptions options, TimeSpan idle)
    {
        options.AddServerHeader = false;
        options.Limits.MaxRequestBodySize = MaximumBody;
        options.Limits.MaxRequestBufferSize = 64 * 1024;
        options.Limits.MaxRequestLineSize = 4 * 1024;
        options.Limits.MaxRequestHeaderCount = 50;
        options.Limits.MaxRequestHeadersTotalSize = 24 * 1024;
        options.Limits.RequestHeadersTimeout = TimeSpan.FromSeconds(10);
        options.Limits.KeepAliveTimeout = idle;
        options.Limits.MinRequestBodyDataRate = new MinDataRate(bytesPerSecond: 1024, gracePeriod: TimeSpan.FromSeconds(5));
    }
}
