using System.Text.RegularExpressions;

namespace IstioStandIn;

/// <summary>Records of the real sidecar: <c>records/README.md</c> names the source.</summary>
public static partial class IstioRecords
{
    /// <summary>
    /// The rules of a record, in the order of each chain, without policies, counters and tables that the capture does not use.
    /// </summary>
    /// <param name="name">The name of a file below <c>records/capture</c>.</param>
    public static IReadOnlyList<string> Capture(string name) => Rules(Read($"capture/{name}"));

    /// <summary>The rules in the output of iptables-save or nft, in the same form.</summary>
    public static IReadOnlyList<string> Rules(string text)
    {
        var rules = new SortedDictionary<string, List<string>>(StringComparer.Ordinal);
        var (table, chain) = ("", "");
        foreach (var line in text.Split('\n').Select(line => Counters().Replace(line, "").Trim()))
        {
            if (line.StartsWith('*') || line.StartsWith("table ", StringComparison.Ordinal))
                table = line.TrimStart('*');
            else if (line.StartsWith("chain ", StringComparison.Ordinal))
                chain = line;
            else if (line.StartsWith(":ISTIO", StringComparison.Ordinal))
                rules.TryAdd($"{table} {line.Split(' ')[0][1..]}", []);
            else if (line.StartsWith("-A ", StringComparison.Ordinal))
                Add($"{table} {line.Split(' ')[1]}", line);
            else if (table.StartsWith("table ", StringComparison.Ordinal) && line is not ("" or "}"))
                Add($"{table} {chain}", line);
        }

        return
        [
            .. rules.Where(pair => !pair.Key.StartsWith("filter ", StringComparison.Ordinal)
                && !pair.Key.StartsWith("table ip filter", StringComparison.Ordinal))
                .SelectMany(pair => pair.Value.Prepend($"# {pair.Key}")),
        ];

        void Add(string key, string rule)
        {
            if (!rules.TryGetValue(key, out var list))
                rules[key] = list = [];
            list.Add(rule);
        }
    }

    /// <summary>The warnings and errors that pilot-agent logs for a cause, except those that depend on timing.</summary>
    /// <param name="cause">The name of a file below <c>records/logs</c>, without its ending.</param>
    public static IReadOnlyList<string> Log(string cause) => Lines(Read($"logs/{cause}.log"));

    /// <summary>The warnings and errors in a log, each kind once, without times, numbers and names of the host and its addresses.</summary>
    public static IReadOnlyList<string> Lines(string text) =>
    [
        .. text.Split('\n')
            .Where(line => LogLine().IsMatch(line))
            .Select(line => LogLine().Replace(line, "$1"))
            // The order of Envoy's probe and its next request depends on milliseconds.
            .Where(line => !line.Contains("Envoy proxy is NOT ready", StringComparison.Ordinal)
                && !line.Contains("send error for type url", StringComparison.Ordinal))
            .Select(Normal).Distinct().Order(StringComparer.Ordinal),
    ];

    private static string Normal(string line)
    {
        line = CertificateNames().Replace(line, "certificate is valid for NAMES, not NAME");
        line = MeshFile().Replace(line, "$1");
        line = Account().Replace(line, "sa/ACCOUNT]) matched $1/ACCOUNT");
        line = Group().Replace(line, "WorkloadGroup $1/GROUP");
        line = HostName().Replace(line, "WorkloadEntry of HOST.");
        line = Address().Replace(line, "ADDRESS");
        return Number().Replace(line, "N");
    }

    private static string Read(string name)
    {
        using var stream = typeof(IstioRecords).Assembly.GetManifestResourceStream(name)
            ?? throw new ArgumentException($"there is no record {name}");
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }

    [GeneratedRegex(@"\s*packets \d+ bytes \d+|\[\d+:\d+\]")]
    private static partial Regex Counters();

    [GeneratedRegex(@"^[0-9-]{10}T[0-9:.]+Z\s+((?:warn|error)\t.*)$")]
    private static partial Regex LogLine();

    [GeneratedRegex(@"certificate is valid for .*, not [^""]+")]
    private static partial Regex CertificateNames();

    [GeneratedRegex(@"(failed to unmarshal mesh config from file \[).*")]
    private static partial Regex MeshFile();

    [GeneratedRegex(@"WorkloadEntry of [\w-]+\.")]
    private static partial Regex HostName();

    [GeneratedRegex(@"sa/[\w-]+\]\) matched ([\w-]+)/[\w-]+")]
    private static partial Regex Account();

    [GeneratedRegex(@"WorkloadGroup ([\w-]+)/[\w-]+")]
    private static partial Regex Group();

    [GeneratedRegex(@"\b\d+\.\d+\.\d+\.\d+(?::\d+)?\b")]
    private static partial Regex Address();

    [GeneratedRegex(@"\b\d+(?:\.\d+)?(?=\b|ms\b)")]
    private static partial Regex Number();
}
