using System.Net;
using System.Text;
using SmmAgent.Contract;
using SmmAgent.Contract.Signing;
using SmmAgent.Contract.Yaml;
using SmmAgent.Core.Network;

namespace SmmAgent.Core.Settings;

/// <summary>The result of reading agent.yaml.</summary>
/// <param name="Settings">The settings; null if there is an error.</param>
/// <param name="Errors">All errors, with their lines.</param>
/// <param name="Warnings">Values that are accepted but probably unintended.</param>
public sealed record SettingsReading(AgentSettings? Settings, IReadOnlyList<InputError> Errors, IReadOnlyList<InputError> Warnings)
{
    /// <summary>The settings that could be read despite errors, only for display. An invalid value is replaced by its default.</summary>
    public AgentSettings Readable { get; init; } = Settings ?? new();
}

/// <summary>Reads agent.yaml and reports all errors.</summary>
public static class SettingsReader
{
    /// <summary>The largest agent.yaml that is read, in bytes (64 KiB).</summary>
    public const int MaximumBytes = 64 * 1024;

    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private static readonly Dictionary<string, ManagementMode> Modes = new()
    {
        ["manage"] = ManagementMode.Manage,
        ["check"] = ManagementMode.Check,
        ["off"] = ManagementMode.Off,
    };

    private static readonly Dictionary<string, RestartPolicy> RestartPolicies = new()
    {
        ["report"] = RestartPolicy.Report,
        ["automatic"] = RestartPolicy.Automatic,
        ["window"] = RestartPolicy.Window,
    };

    private static readonly Dictionary<string, bool> Switch = new() { ["on"] = true, ["off"] = false };

    public static SettingsReading Read(ReadOnlySpan<byte> utf8)
    {
        if (utf8.Length > MaximumBytes)
            return Refused(new InputError("", $"is larger than {MaximumBytes} bytes"));

        try
        {
            return Read(StrictUtf8.GetString(utf8).TrimStart('\uFEFF'));
        }
        catch (DecoderFallbackException)
        {
            return Refused(new InputError("", "is not UTF-8 text"));
        }
    }

    public static SettingsReading Read(string yaml)
    {
        if (yaml.Length > MaximumBytes)
            return Refused(new InputError("", $"is larger than {MaximumBytes} bytes"));

        var (tree, error) = YamlReader.Parse(yaml, YamlLimits.Agent);
        if (tree is null)
            return Refused(error!);

        var findings = new SectionReader.Findings();
        var root = new SectionReader(tree, "", findings);
        var settings = ReadDashboard(root.Section("dashboard"), new AgentSettings
        {
            Uuid = root.Text("uuid", SettingsRules.Uuid) is { } uuid ? Guid.Parse(uuid) : null,
            Sidecar = ReadSidecar(root.Section("sidecar")),
            TrustedKeys = ReadKeys(root.Section("packages")),
            SelfUpgrade = root.Word("selfUpgrade", true, Switch),
        });
        settings = ReadWorkloadGroup(root.Section("workloadGroup"), settings);
        settings = ReadNode(root.Section("node"), settings);
        settings = ReadFirewall(root.Section("firewall"), settings);
        return new(findings.Errors.Count == 0 ? settings : null, findings.Errors, findings.Warnings) { Readable = settings };
    }

    private static AgentSettings ReadDashboard(SectionReader dashboard, AgentSettings settings)
    {
        var allowPlaintext = dashboard.Flag("allowPlaintext");
        var url = dashboard.Text("url", text => SettingsRules.DashboardUrl(text, allowPlaintext));
        var caFile = dashboard.Text("caFile", SettingsRules.AbsolutePath);
        var isPlain = url?.StartsWith("http:", StringComparison.OrdinalIgnoreCase) == true;
        if (isPlain && caFile is not null)
            dashboard.Warn("caFile", "has no effect: dashboard.url is http");
        return settings with
        {
            DashboardUrl = url is null ? null : new Uri(url),
            AllowPlaintext = allowPlaintext,
            CaFile = caFile,
            Proxy = dashboard.Text("proxy", SettingsRules.Proxy) is { } proxy ? ProxySetting.Parse(proxy).Value! : ProxySetting.None,
        };
    }

    private static AgentSettings ReadWorkloadGroup(SectionReader group, AgentSettings settings) => settings with
    {
        Namespace = group.Text("namespace", NameRules.Label),
        Name = group.Text("name", NameRules.Subdomain),
    };

    private static AgentSettings ReadNode(SectionReader node, AgentSettings settings)
    {
        var ip = node.Text("ip", SettingsRules.NodeIp);
        var providers = node.Texts("addressProviders", atMost: 8, SettingsRules.ProviderUrl);
        if (providers?.Any(url => url.StartsWith("http:", StringComparison.OrdinalIgnoreCase)) == true)
            node.Warn("addressProviders", "has a plain http URL: anyone on the path can change its answer");
        return settings with
        {
            NodeIp = ip is null or SettingsRules.Auto ? null : IPAddress.Parse(ip),
            AddressProviders = providers is null ? settings.AddressProviders : providers.Select(Provider).ToArray(),
        };
    }

    private static AddressProvider Provider(string text) =>
        text == AddressProvider.DashboardWord ? AddressProvider.Dashboard : new(text);

    private static AgentSettings ReadFirewall(SectionReader firewall, AgentSettings settings) => settings with
    {
        FirewallMode = firewall.Word("mode", ManagementMode.Manage, Modes),
        ManagementPorts = firewall.Ports("managementPorts", atMost: 16) ?? settings.ManagementPorts,
    };

    private static SidecarSettings ReadSidecar(SectionReader sidecar)
    {
        var policy = sidecar.Word("restartPolicy", RestartPolicy.Report, RestartPolicies);
        var window = sidecar.Text("restartWindow", SettingsRules.Window);
        if (policy == RestartPolicy.Window && window is null)
            sidecar.Refuse("restartPolicy", "'window' needs sidecar.restartWindow, for example \"Sun 02:00-04:00\"");
        IReadOnlyList<string>? sha256s = sidecar.Texts(
            "packageSha256s", atMost: 16, SettingsRules.Sha256)?.Select(text => text.ToLowerInvariant()).ToList();
        return new()
        {
            Mode = sidecar.Word("mode", ManagementMode.Manage, Modes),
            RestartPolicy = policy,
            RestartWindow = window is null ? null : RestartWindow.Parse(window),
            AllowPlaintextPackages = sidecar.Flag("allowPlaintextPackages"),
            AllowUnsignedPackages = sidecar.Flag("allowUnsignedPackages"),
            PackageSha256s = sha256s ?? [],
        };
    }

    private static List<PackageKey>? ReadKeys(SectionReader packages) => packages
        .Texts("trustedKeys", atMost: 8, SettingsRules.TrustedKey, takesOne: true)?
        .Select(text => PackageKey.TryParse(text, out var key, out _) ? key : null)
        .OfType<PackageKey>().Distinct().ToList();

    private static SettingsReading Refused(InputError fault) => new(null, [fault], []);
}
