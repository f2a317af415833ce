using System.Globalization;

namespace SmmAgent.Core.Settings;

/// <summary>Every setting with its value in words, in the order of agent.yaml.</summary>
public static class SettingsTable
{
    /// <summary>What stands for a value that there is none of.</summary>
    public const string None = "-";

    public static IReadOnlyList<(string Key, string Value)> Rows(AgentSettings settings) =>
    [
        ("dashboard.url", settings.DashboardUrl is { } url ? Url(url).TrimEnd('/') : None),
        ("dashboard.allowPlaintext", Flag(settings.AllowPlaintext)),
        ("dashboard.caFile", settings.CaFile ?? None),
        ("dashboard.proxy", settings.Proxy.ToString()),
        ("workloadGroup.namespace", settings.Namespace ?? None),
        ("workloadGroup.name", settings.Name ?? None),
        ("node.ip", settings.NodeIp?.ToString() ?? SettingsRules.Auto),
        ("node.addressProviders", List(settings.AddressProviders.Select(provider => provider.Url is { } one ? Url(one) : provider.Name))),
        ("firewall.mode", Word(settings.FirewallMode)),
        ("firewall.managementPorts", List(settings.ManagementPorts.Select(port => port.ToString(CultureInfo.InvariantCulture)))),
        ("sidecar.mode", Word(settings.Sidecar.Mode)),
        ("sidecar.restartPolicy", Word(settings.Sidecar.RestartPolicy)),
        ("sidecar.restartWindow", settings.Sidecar.RestartWindow?.ToString() ?? None),
        ("sidecar.allowPlaintextPackages", Flag(settings.Sidecar.AllowPlaintextPackages)),
        ("sidecar.allowUnsignedPackages", Flag(settings.Sidecar.AllowUnsignedPackages)),
        ("sidecar.packageSha256s", List(settings.Sidecar.PackageSha256s)),
        ("packages.trustedKeys", settings.TrustedKeys is { } keys ? List(keys.Select(key => key.Text)) : None),
        ("selfUpgrade", settings.SelfUpgrade ? "on" : "off"),
        ("uuid", settings.Uuid?.ToString() ?? None),
    ];

    // What stands behind the question mark may be a key of the provider's.
    private static string Url(Uri url) =>
        url.Query.Length == 0 ? url.GetLeftPart(UriPartial.Path) : $"{url.GetLeftPart(UriPartial.Path)}?[redacted]";

    private static string List(IEnumerable<string> items) => $"[{string.Join(", ", items)}]";

    private static string Flag(bool value) => value ? "true" : "false";

    private static string Word<T>(T value)
        where T : struct, Enum => value.ToString().ToLowerInvariant();
}
