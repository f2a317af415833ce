using System.Globalization;

namespace SmmAgent.Core.Settings;

/// <summary>Every setting with its value, in the order of agent.yaml.</summary>
public static class SettingsTable
{
    /// <summary>What stands for a value that there is none of.</summary>
    public const string None = "-";

    /// <summary>Every value in words.</summary>
    public static IReadOnlyList<(string Key, string Value)> Rows(AgentSettings settings) =>
        [.. Values(settings).Select(setting => (setting.Key, Text(setting.Value)))];

    /// <summary>Every value: a text, a Boolean, a list of texts or numbers, or null if there is none.</summary>
    public static IReadOnlyList<(string Key, object? Value)> Values(AgentSettings settings) =>
    [
        ("dashboard.url", settings.DashboardUrl is { } url ? Url(url).TrimEnd('/') : null),
        ("dashboard.allowPlaintext", settings.AllowPlaintext),
        ("dashboard.caFile", settings.CaFile),
        ("dashboard.proxy", settings.Proxy.ToString()),
        ("workloadGroup.namespace", settings.Namespace),
        ("workloadGroup.name", settings.Name),
        ("node.ip", settings.NodeIp?.ToString() ?? SettingsRules.Auto),
        ("node.addressProviders",
            settings.AddressProviders.Select(provider => provider.Url is { } one ? Url(one) : provider.Name).ToList()),
        ("firewall.mode", Word(settings.FirewallMode)),
        ("firewall.managementPorts", settings.ManagementPorts),
        ("sidecar.mode", Word(settings.Sidecar.Mode)),
        ("sidecar.restartPolicy", Word(settings.Sidecar.RestartPolicy)),
        ("sidecar.restartWindow", settings.Sidecar.RestartWindow?.ToString()),
        ("sidecar.allowPlaintextPackages", settings.Sidecar.AllowPlaintextPackages),
        ("sidecar.allowUnsignedPackages", settings.Sidecar.AllowUnsignedPackages),
        ("sidecar.packageSha256s", settings.Sidecar.PackageSha256s),
        ("packages.trustedKeys", settings.TrustedKeys?.Select(key => key.Text).ToList()),
        ("selfUpgrade", settings.SelfUpgrade ? "on" : "off"),
        ("uuid", settings.Uuid?.ToString()),
    ];

    /// <summary>A value of <see cref="Values"/> in words.</summary>
    public static string Text(object? value) => value switch
    {
        null => None,
        bool flag => flag ? "true" : "false",
        IReadOnlyList<int> numbers => List(numbers.Select(number => number.ToString(CultureInfo.InvariantCulture))),
        IReadOnlyList<string> texts => List(texts),
        _ => $"{value}",
    };

    // What stands behind the question mark may be a key of the provider's.
    private static string Url(Uri url) =>
        url.Query.Length == 0 ? url.GetLeftPart(UriPartial.Path) : $"{url.GetLeftPart(UriPartial.Path)}?[redacted]";

    private static string List(IEnumerable<string> items) => $"[{string.Join(", ", items)}]";

    private static string Word<T>(T value)
        where T : struct, Enum => value.ToString().ToLowerInvariant();
}
