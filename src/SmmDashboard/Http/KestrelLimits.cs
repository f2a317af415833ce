using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace SmmDashboard.Http;

/// <summary>Limits the cost of one client before any code of the dashboard runs.</summary>
public static class KestrelLimits
{
    /// <summary>The largest body of any call; each call has its own, smaller limit.</summary>
    public const int MaximumBody = 512 * 1024;

    /// <param name="options">
    /// The options to set. <see cref="Connections.ConnectionLimits"/> limits the number of connections and does not count those of the
    /// status address.
    /// </param>
    /// <param name="idle">
    /// How long a connection may be open without a request. It applies until the first byte and between requests, not while a request is
    /// held.
    /// </param>
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
