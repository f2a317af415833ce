namespace SmmAgent.Linux.Dashboard;

/// <summary>A proxy that the environment names for other programs. The agent connects directly.</summary>
public static class ProxyEnvironment
{
    /// <summary>What to add to a message about a server that is not reached; empty where no proxy is named for it.</summary>
    /// <remarks>Not the proxy's URL: that may have a password in it.</remarks>
    public static string Note(Uri url) => Note(url, HttpClient.DefaultProxy);

    internal static string Note(Uri url, System.Net.IWebProxy proxy) =>
        !proxy.IsBypassed(url) && proxy.GetProxy(url) is { } used && used != url
        ? $"; the proxy in the environment ({url.Scheme}_proxy) is not used: the agent connects to {url.Host} directly, which "
            + "firewalls must allow"
        : "";
}
