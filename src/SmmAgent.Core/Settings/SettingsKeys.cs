using SmmAgent.Contract;

namespace SmmAgent.Core.Settings;

/// <summary>Every key that agent.yaml may have, by section.</summary>
public static class SettingsKeys
{
    private static readonly Dictionary<string, string[]> BySection = new(StringComparer.Ordinal)
    {
        [""] = ["dashboard", "workloadGroup", "node", "firewall", "sidecar", "packages", "selfUpgrade", "uuid"],
        ["dashboard"] = ["url", "allowPlaintext", "caFile", "proxy"],
        ["workloadGroup"] = ["namespace", "name"],
        ["node"] = ["ip", "addressProviders"],
        ["firewall"] = ["mode", "managementPorts"],
        ["sidecar"] = ["mode", "restartPolicy", "restartWindow", "allowPlaintextPackages", "allowUnsignedPackages", "packageSha256s"],
        ["packages"] = ["trustedKeys"],
    };

    /// <summary>Every key with its section, for example <c>dashboard.url</c>.</summary>
    public static IEnumerable<string> All => BySection.SelectMany(section => section.Value.Select(key => Join(section.Key, key)));

    internal static bool IsKnown(string section, string key) => BySection[section].Contains(key, StringComparer.Ordinal);

    /// <summary>The warning about an unknown key, with a suggestion.</summary>
    internal static string Unknown(string section, string key)
    {
        var suggestion = Spelling.Nearest(key, BySection[section])
            ?? BySection[""].FirstOrDefault(known => section.Length > 0 && known == key)
            ?? All.FirstOrDefault(path => path.EndsWith("." + key, StringComparison.OrdinalIgnoreCase));
        return suggestion is null
            ? $"the key '{NameRules.Shown(key)}' is not known and has no effect"
            : $"the key '{NameRules.Shown(key)}' is not known and has no effect; did you mean '{suggestion}'?";
    }

    private static string Join(string section, string key) => section.Length == 0 ? key : $"{section}.{key}";
}
