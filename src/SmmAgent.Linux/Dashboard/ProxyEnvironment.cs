namespace SmmAgent.Linux.Dashboard;

/// <summary>The proxy in the environment, which other programs use. The agent connects directly.</summary>
public static class ProxyEnvironment
{
    /// <summary>The note for a message about a server that cannot be reached; empty when the environment has no proxy for it.</summary>
    /// <remarks>The note does not contain the URL of the proxy, because it may include a password.</remarks>
    public static string Note(Uri url) => Note(url, HttpClient.DefaultProxy);

    internal static string Note(Uri url, System.Net.IWebProxy proxy) =>
        !proxy.IsBypassed(url) && proxy.GetProxy(url) is { } used && used != url
        ? $"; the proxy in the environment ({url.Scheme}_proxy) is not used: the agent connects to {url.Host} directly, which "
            + "firewalls must allow"
        : "";
}
