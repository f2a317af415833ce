using SmmAgent.Contract;

namespace SmmAgent.Core.Settings;

/// <summary>Every key that agent.yaml may have, by section.</summary>
public static class SettingsKeys
{
    private static readonly Dictionary<string, string[]> BySection = new(StringComparer.Ordinal)
    {
        [""] = ["dashboard", "workloadGroup", "node", "firewall", "sidecar", "uuid"],
        ["dashboard"] = ["url", "allowPlaintext", "caFile"],
        ["workloadGroup"] = ["namespace", "name"],
        ["node"] = ["ip", "addressProviders"],
        ["firewall"] = ["mode", "managementPorts"],
        ["sidecar"] = ["mode", "restartPolicy", "restartWindow", "allowPlaintextPackages"],
    };

    /// <summary>Every key with its section, for example <c>dashboard.url</c>.</summary>
    public static IEnumerable<string> All => BySection.SelectMany(section => section.Value.Select(key => Join(section.Key, key)));

    internal static bool IsKnown(string section, string key) => BySection[section].Contains(key, StringComparer.Ordinal);

    /// <summary>The warning about an unknown key, with what was probably meant.</summary>
    internal static string Unknown(string section, string key)
    {
        var suggestion = key.Length > 64 ? null
            : BySection[section].Where(known => IsNear(key, known)).MinBy(known => Distance(key, known))
            ?? BySection[""].Where(known => section.Length > 0 && known == key).FirstOrDefault()
            ?? All.FirstOrDefault(path => path.EndsWith("." + key, StringComparison.OrdinalIgnoreCase));
        return suggestion is null
            ? $"the key '{NameRules.Shown(key)}' is not known and has no effect"
            : $"the key '{NameRules.Shown(key)}' is not known and has no effect; did you mean '{suggestion}'?";
    }

    private static bool IsNear(string key, string known) => Distance(key, known) <= Math.Clamp(known.Length / 2, 1, 3);

    /// <summary>How many letters must be added, removed or replaced; the case of a letter is half as far as another letter would be.</summary>
    private static double Distance(string a, string b)
    {
        var row = new double[b.Length + 1];
        for (var j = 0; j <= b.Length; j++)
            row[j] = j;

        for (var i = 1; i <= a.Length; i++)
        {
            var diagonal = row[0];
            row[0] = i;
            for (var j = 1; j <= b.Length; j++)
            {
                var replaced = diagonal + (a[i - 1] == b[j - 1] ? 0 : char.ToLowerInvariant(a[i - 1]) == char.ToLowerInvariant(b[j - 1]) ? 0.5 : 1);
                diagonal = row[j];
                row[j] = Math.Min(replaced, Math.Min(row[j], row[j - 1]) + 1);
            }
        }

        return row[^1];
    }

    private static string Join(string section, string key) => section.Length == 0 ? key : $"{section}.{key}";
}
