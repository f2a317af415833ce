using System.Net;
using SmmAgent.Contract;
using SmmAgent.Contract.Signing;
using SmmAgent.Core.Network;

namespace SmmAgent.Core.Settings;

/// <summary>
/// Which values agent.yaml may have. Each rule returns null, or the reason of a refusal; the commands that set a value use the same rules.
/// </summary>
public static class SettingsRules
{
    /// <summary>The value of <c>node.ip</c> that has the agent find out the address.</summary>
    public const string Auto = "auto";

    public static string? DashboardUrl(string value, bool allowPlaintext)
    {
        if (HttpUrl(value) is { } reason)
            return reason;

        var url = new Uri(value);
        if (url.AbsolutePath != "/" || url.Query.Length > 0 || url.Fragment.Length > 0)
            return $"'{NameRules.Shown(value)}' has more than a scheme, a host and a port; "
                + $"{url.GetLeftPart(UriPartial.Authority)} would be right";

        return url.Scheme == Uri.UriSchemeHttp && !allowPlaintext
            ? $"'{NameRules.Shown(value)}' would send the bearer token in clear text; use https, or accept the risk: "
                + "sudo smm-agent set dashboard-url URL --allow-plaintext"
            : null;
    }

    public static string? ProviderUrl(string value) =>
        value == AddressProvider.DashboardWord ? null : HttpUrl(value, orWord: $"the word {AddressProvider.DashboardWord} or ");

    public static string? Proxy(string value) => ProxySetting.Parse(value).Reason;

    public static string? NodeIp(string value)
    {
        if (value == Auto)
            return null;
        if (!NameRules.IsIPAddress(value))
            return $"'{NameRules.Shown(value)}' is neither an IP address nor {Auto}";

        var address = IPAddress.Parse(value);
        var reason = address.IsIPv4MappedToIPv6
            ? $"'{value}' is an IPv4 address written as an IPv6 one ({address.MapToIPv4()})"
            : AddressRules.ValidateOwn(address);
        return reason is null ? null : $"{reason}: set the address under which the cluster reaches this VM, or {Auto}";
    }

    public static string? AbsolutePath(string value) =>
        !value.StartsWith('/') ? $"'{NameRules.Shown(value)}' is not an absolute path"
        : value.Any(char.IsControl) ? $"'{NameRules.Shown(value)}' has a control character"
        : null;

    public static string? Uuid(string value) =>
        Guid.TryParseExact(value, "D", out var uuid) && uuid != Guid.Empty
            ? null
            : $"'{NameRules.Shown(value)}' is not a uuid, for example 0327b100-a008-4364-a2b3-7d1777bb5b9a";

    /// <summary>One day of the week and two times of day in local time; the end may lie after midnight.</summary>
    public static string? Window(string value) => RestartWindow.Parse(value) is null
        ? $"'{NameRules.Shown(value)}' is not of the form \"DAY HH:MM-HH:MM\" (DAY one of {string.Join(", ", RestartWindow.Days)}), for "
            + "example \"Sun 02:00-04:00\""
        : null;

    public static string? TrustedKey(string value) => PackageKey.TryParse(value, out _, out var reason) ? null : reason;

    public static string? Sha256(string value) => value.Length == 64 && value.All(char.IsAsciiHexDigit)
        ? null
        : $"'{NameRules.Shown(value)}' is not a SHA-256 of 64 hexadecimal digits, as sha256sum prints it";

    /// <param name="orWord">The word that the setting also accepts, for the message.</param>
    private static string? HttpUrl(string value, string orWord = "")
    {
        if (value.Any(c => char.IsControl(c) || char.IsWhiteSpace(c))
            || !Uri.TryCreate(value, UriKind.Absolute, out var url)
            || (url.Scheme != Uri.UriSchemeHttp && url.Scheme != Uri.UriSchemeHttps)
            || url.Host.Length == 0)
        {
            return $"'{NameRules.Shown(value)}' is not {orWord}an absolute http or https URL, for example https://smm.example.com";
        }

        return url.UserInfo.Length > 0 ? "has a user name or password in it, which would reach logs; leave it out" : null;
    }
}
