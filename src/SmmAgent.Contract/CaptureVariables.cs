using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace SmmAgent.Contract;

/// <summary>
/// Validates the variables that configure the sidecar's capture. istio-iptables, which runs as root, copies most values into rules
/// unchanged.
/// </summary>
/// <remarks>
/// The names are those of Istio's tools/istio-iptables since 1.10, and of istio-start.sh. A value that does not match its grammar could
/// add words to a rule, or add rules.
/// </remarks>
public static class CaptureVariables
{
    private const string Ports = "a list of ports (1-65535, or ranges FIRST:LAST) separated by commas, for example 80,8000:8100";
    private const string Groups = "a list of groups (names or numbers) separated by commas, for example 1000,apps";
    private const string Users = "a list of users or groups (numbers or names) separated by commas, for example 1337,envoy";
    private const string Interfaces = "a list of network interfaces separated by commas, for example eth1,docker0";
    private const string Cidrs = "a list of CIDR blocks separated by commas, for example 10.0.0.0/8,2001:db8::/32";

    private static readonly string[] TruthValues = ["1", "t", "T", "TRUE", "true", "True", "0", "f", "F", "FALSE", "false", "False"];
    private static readonly string[] DurationUnits = ["ns", "us", "µs", "ms", "s", "m", "h"];

    private static readonly Dictionary<string, Grammar> Grammars = new(StringComparer.Ordinal)
    {
        ["ISTIO_INBOUND_PORTS"] = Grammar.ListOrAll(Ports, IsPortOrRange),
        ["ISTIO_LOCAL_EXCLUDE_PORTS"] = Grammar.List(Ports, IsPortOrRange),
        ["ISTIO_OUTBOUND_PORTS"] = Grammar.List(Ports, IsPortOrRange),
        ["ISTIO_LOCAL_OUTBOUND_PORTS_EXCLUDE"] = Grammar.List(Ports, IsPortOrRange),
        ["ENVOY_PORT"] = Grammar.Port,
        ["INBOUND_CAPTURE_PORT"] = Grammar.Port,
        ["INBOUND_TUNNEL_PORT"] = Grammar.Port,
        ["IPTABLES_PROBE_PORT"] = Grammar.Port,
        ["ISTIO_SERVICE_CIDR"] = new($"{All} or {Cidrs}", value => value == All || IsCidrs(value)),
        ["ISTIO_SERVICE_EXCLUDE_CIDR"] = new(Cidrs, IsCidrs),
        ["ISTIO_OUTBOUND_IPV4_LOOPBACK_CIDR"] = new("a CIDR block within 127.0.0.0/8, for example 127.0.0.1/32", IsLoopbackCidr),
        ["ISTIO_EXCLUDE_INTERFACES"] = Grammar.List(Interfaces, IsInterface),
        ["KUBE_VIRT_INTERFACES"] = Grammar.List(Interfaces, IsInterface),
        [OwnerGroups] = Grammar.ListOrAll(Groups, IsAccount),
        ["ISTIO_OUTBOUND_OWNER_GROUPS_EXCLUDE"] = Grammar.List(Groups, IsAccount),
        ["PROXY_UID"] = Grammar.List(Users, IsAccount),
        ["PROXY_GID"] = Grammar.List(Users, IsAccount),
        ["ENVOY_USER"] = new("the name of a user, for example istio-proxy", value => value.Length == 0 || IsAccount(value)),
        ["INBOUND_INTERCEPTION_MODE"] = new("REDIRECT, TPROXY or NONE", value => value is "" or "REDIRECT" or "TPROXY" or "NONE"),
        ["ISTIO_INBOUND_TPROXY_MARK"] = Grammar.Number,
        ["INBOUND_TPROXY_MARK"] = Grammar.Number,
        ["ISTIO_INBOUND_TPROXY_ROUTE_TABLE"] = Grammar.Number,
        ["FORCE_IPTABLES_BINARY"] = new("nft or legacy", value => value is "" or "nft" or "legacy"),
        ["PROBE_TIMEOUT"] = new("a time such as 5s or 500ms", IsDuration),
        [CustomTables] = Grammar.Truth,
        ["IPTABLES_TRACE_LOGGING"] = Grammar.Truth,
        ["RESTORE_FORMAT"] = Grammar.Truth,
        [DryRun] = Grammar.Truth,
        [SkipRuleApply] = Grammar.Truth,
        [CleanupOnly] = Grammar.Truth,
        ["CLEAN"] = Grammar.Truth,
        ["RUN_VALIDATION"] = Grammar.Truth,
        ["REDIRECT_DNS"] = Grammar.Truth,
        ["ISTIO_META_DNS_CAPTURE"] = Grammar.Truth,
        ["CAPTURE_ALL_DNS"] = Grammar.Truth,
        ["DROP_INVALID"] = Grammar.Truth,
        ["INVALID_DROP"] = Grammar.Truth,
        ["DUAL_STACK"] = Grammar.Truth,
        ["ISTIO_DUAL_STACK"] = Grammar.Truth,
        ["RECONCILE"] = Grammar.Truth,
        ["FORCE_APPLY"] = Grammar.Truth,
        ["NATIVE_NFTABLES"] = Grammar.Truth,
    };

    // Read by istio-start.sh, which then does not call istio-iptables.
    private const string CustomTables = "ISTIO_CUSTOM_IP_TABLES";
    private const string DryRun = "DRY_RUN";
    private const string SkipRuleApply = "SKIP_RULE_APPLY";
    private const string CleanupOnly = "CLEANUP_ONLY";
    private const string OwnerGroups = "ISTIO_OUTBOUND_OWNER_GROUPS";

    private const string All = "*";

    /// <summary>The names of the variables that have a grammar.</summary>
    public static IReadOnlyCollection<string> Names => Grammars.Keys;

    /// <summary>Validates a value. Control characters are invalid in every variable.</summary>
    /// <returns>Null for a valid value; otherwise the reason.</returns>
    public static string? Rule(string name, string value)
    {
        if (PlainText.Validate(value) is { } reason)
            return reason;

        return Grammars.TryGetValue(name, out var grammar)
            && !grammar.Accepts(value) ? $"'{NameRules.Shown(value)}' is not {grammar.Words}" : null;
    }

    /// <summary>The assignments that disable the sidecar's capture, for example <c>DRY_RUN=true</c>.</summary>
    public static IReadOnlyList<string> SwitchingOff(IReadOnlyDictionary<string, string> variables)
    {
        // istio-start.sh compares with this exact word; istio-iptables accepts every Boolean value.
        List<string> all = variables.GetValueOrDefault(CustomTables) == "true" ? [CustomTables] : [];
        all.AddRange(new[] { DryRun, SkipRuleApply, CleanupOnly }.Where(name => IsTrue(variables.GetValueOrDefault(name, ""))));
        // To Istio an empty list means no groups, while an unset variable means all groups.
        if (variables.TryGetValue(OwnerGroups, out var groups) && groups.Trim(',').Length == 0)
            all.Add(OwnerGroups);
        return all.Select(name => $"{name}={(name == OwnerGroups ? "''" : variables[name])}").ToArray();
    }

    private static bool IsTrue(string value) => value is "1" or "t" or "T" or "TRUE" or "true" or "True";

    private static bool IsPortOrRange(string value)
    {
        // A colon for iptables, a hyphen for nftables.
        var separator = value.AsSpan().IndexOfAny(':', '-');
        return separator < 0
            ? IsNumber(value, 1, 65535)
            : IsNumber(value[..separator], 0, 65535) && IsNumber(value[(separator + 1)..], 0, 65535)
                && int.Parse(value.AsSpan(0, separator), CultureInfo.InvariantCulture) <= int.Parse(
                    value.AsSpan(separator + 1), CultureInfo.InvariantCulture);
    }

    // Istio parses these values itself and does not accept spaces.
    private static bool IsCidrs(string value) => value.Split(',').All(item => item.Length == 0 || IsCidr(item));

    // Istio's parser accepts bits set after the prefix.
    private static bool IsCidr(string value)
    {
        var slash = value.IndexOf('/', StringComparison.Ordinal);
        return slash > 0
            && NameRules.IsIPAddress(value[..slash])
            && IsNumber(value[(slash + 1)..], 0, IPAddress.Parse(value[..slash]).AddressFamily == AddressFamily.InterNetwork ? 32u : 128u);
    }

    private static bool IsLoopbackCidr(string value) =>
        IsCidr(value) && value.StartsWith("127.", StringComparison.Ordinal)
        && IsNumber(value[(value.IndexOf('/', StringComparison.Ordinal) + 1)..], 8, 32);

    // The kernel allows 15 characters; a plus at the end is the iptables wildcard.
    private static bool IsInterface(string value) =>
        value.Length <= 15 && value is not ("." or "..") && value[0] is not ('-' or '+')
        && value.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.' or '@' or ':' or '+');

    private static bool IsAccount(string value) =>
        value.All(char.IsAsciiDigit)
            ? IsNumber(value, 0, uint.MaxValue)
            : value.Length <= 64 && value[0] != '-'
            && value.TrimEnd('$').All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.' or '@');

    private static bool IsNumber(string value) =>
        value.StartsWith("0x", StringComparison.Ordinal)
            ? uint.TryParse(value.AsSpan(2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out _)
            : IsNumber(value, 0, uint.MaxValue);

    private static bool IsNumber(string value, uint least, uint most) =>
        uint.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= least && number <= most;

    private static bool IsDuration(string value)
    {
        if (value is "" or "0")
            return true;

        var rest = value.AsSpan();
        while (rest.Length > 0)
        {
            var digits = 0;
            while (digits < rest.Length && (char.IsAsciiDigit(rest[digits]) || rest[digits] == '.'))
                digits++;
            if (!double.TryParse(rest[..digits], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out _))
                return false;

            rest = rest[digits..];
            var letters = rest.IndexOfAnyInRange('0', '9') is var next and >= 0 ? next : rest.Length;
            if (!DurationUnits.Contains(rest[..letters].ToString()))
                return false;
            rest = rest[letters..];
        }

        return true;
    }

    private sealed record Grammar(string Words, Func<string, bool> Accepts)
    {
        public static Grammar Port { get; } = new("a port (1-65535)", value => IsNumber(value, 1, 65535));

        public static Grammar Number { get; } = new("a number (0-4294967295, or 0x and hexadecimal digits)", IsNumber);

        public static Grammar Truth { get; } = new("true or false", value => value.Length == 0 || TruthValues.Contains(value));

        // Istio skips empty items. It keeps spaces beside a comma in the rule, where they only separate words.
        public static Grammar List(string words, Func<string, bool> isItem) => new(
            words, value => value.Split(',')
            .All(item => item.Length == 0 || (item.Trim(' ') is { Length: > 0 } trimmed && isItem(trimmed))));

        public static Grammar ListOrAll(string words, Func<string, bool> isItem)
        {
            var list = List(words, isItem);
            return new($"{All} or {words}", value => value == All || list.Accepts(value));
        }
    }
}
