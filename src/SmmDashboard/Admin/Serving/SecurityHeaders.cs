namespace SmmDashboard.Admin.Serving;

/// <summary>The headers of every response of the admin listener.</summary>
internal static class SecurityHeaders
{
    /// <summary>Only files of this origin; no inline script and no inline style.</summary>
    public const string Policy =
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; "
        + "base-uri 'none'; frame-ancestors 'none'";

    public static void Set(IHeaderDictionary headers)
    {
        headers.ContentSecurityPolicy = Policy;
        headers.XContentTypeOptions = "nosniff";
        headers.XFrameOptions = "DENY";
        headers["Referrer-Policy"] = "no-referrer";
        headers["Cross-Origin-Opener-Policy"] = "same-origin";
        headers["Cross-Origin-Resource-Policy"] = "same-origin";
        headers["Permissions-Policy"] = "camera=(), geolocation=(), microphone=(), payment=(), usb=()";
        headers.CacheControl = "no-store";
    }

    /// <summary>
    /// Whether the request has a name of this host. On a loopback address without a token, a page of another site could otherwise read the
    /// machines by a DNS name that points to 127.0.0.1.
    /// </summary>
    public static bool IsLocalHost(HostString host) =>
        host.Host is "localhost"
        || (System.Net.IPAddress.TryParse(host.Host.Trim('[', ']'), out var address) && AdminOptions.IsLoopback(address));

    /// <summary>Whether a form was sent by a page of this origin.</summary>
    public static bool IsSameOrigin(HttpRequest request)
    {
        var site = request.Headers["Sec-Fetch-Site"].ToString();
        if (site.Length > 0)
            return site is "same-origin" or "none";

        var origin = request.Headers.Origin.ToString();
        return origin.Length == 0 || origin == $"{request.Scheme}://{request.Host}";
    }
}
