using SmmAgent.Core.Network;

namespace SmmAgent.Linux.Network.Proxies;

/// <summary>The proxy in the environment, which other programs use. The agent uses it only if dashboard.proxy is <c>environment</c>.
/// </summary>
public static class ProxyEnvironment
{
    /// <summary>
    /// The note for a message about a server that cannot be reached; empty when the environment has no proxy for it, or the settings have
    /// one.
    /// </summary>
    /// <remarks>The note does not contain the URL of the proxy, because it may include a password.</remarks>
    public static string Note(Uri url, ProxySetting setting) => Note(url, setting, Environment.GetEnvironmentVariable);

    internal static string Note(Uri url, ProxySetting setting, Func<string, string?> read) =>
        setting.IsNone && ProxyEnvironmentRules.Find(url, read) is var (_, name)
        ? $"; the proxy in the environment ({name}) is not used: the agent connects to {url.Host} directly, which "
            + "firewalls must allow; to use a proxy, set dashboard.proxy to its URL"
        : "";

    /// <summary>The proxy for a URL, with the environment of this process.</summary>
    internal static ProxyChoice Choose(ProxySetting setting, Uri url) => setting.For(url, Environment.GetEnvironmentVariable);
}
