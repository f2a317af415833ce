using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace SmmAgent.Contract;

/// <summary>Validates names, addresses and keys of the contract. Each rule returns null for a valid value, otherwise the reason.</summary>
public static class NameRules
{
    /// <summary>An RFC 1123 label: a namespace, the name of a port.</summary>
    public static string? Label(string value) =>
        value.Length is 0 or > 63 || !IsLabel(value, allowUpper: false)
            ? $"'{Shown(value)}' is not an RFC 1123 label (at most 63 of a-z, 0-9 and '-', with a letter or digit at both ends)"
            : null;

    /// <summary>The value of a Kubernetes label, which is not empty.</summary>
    public static string? LabelValue(string value) =>
        value.Length is 0 or > 63 || !char.IsAsciiLetterOrDigit(value[0]) || !char.IsAsciiLetterOrDigit(value[^1])
        || !value.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.')
            ? $"'{Shown(value)}' is not a label value (at most 63 letters, digits, '-', '_' and '.', with a letter or digit at both ends)"
            : null;

    /// <summary>The name of a Kubernetes object: an RFC 1123 subdomain, in which only the total length is limited.</summary>
    public static string? Subdomain(string value) =>
        value.Length is 0 or > 253 || !value.Split('.').All(part => IsPart(part, allowUpper: false))
            ? $"'{Shown(value)}' is not an RFC 1123 name (at most 253 of a-z, 0-9, '-' and '.', with a letter or digit at both ends)"
            : null;

    /// <summary>An IP address or a DNS name, without a port.</summary>
    public static string? Address(string value) =>
        IsIPAddress(value) || IsDnsName(value)
            ? null
            : $"'{Shown(value)}' is neither an IP address nor a DNS name";

    /// <summary>
    /// The address of a server to connect to: as <see cref="Address"/>, or a name that ends with a dot or contains underscores. Load
    /// balancers have such names, and resolvers accept them.
    /// </summary>
    public static string? ServerAddress(string value) =>
        Address(WithoutRootDot(value).Replace('_', 'x')) is null ? null : $"'{Shown(value)}' is neither an IP address nor a DNS name";

    /// <summary>Removes the dot at the end of a name. The dot denotes the root of DNS and is not part of the name in TLS.</summary>
    public static string WithoutRootDot(string name) => name.Length > 1 && name[^1] == '.' && name[^2] != '.' ? name[..^1] : name;

    /// <summary>A host and a port, as in <c>istiod.istio-system.svc:15012</c> or <c>[2001:db8::1]:15012</c>.</summary>
    public static string? HostAndPort(string value)
    {
        var colon = value.LastIndexOf(':');
        var host = colon < 0 ? "" : value[..colon];
        if (host.StartsWith('[') && host.EndsWith(']'))
            host = host[1..^1];
        else if (host.Contains(':', StringComparison.Ordinal))
            host = "";

        // .NET accepts NUL characters at the end of a number.
        return Address(host) is null && value[(colon + 1)..].All(char.IsAsciiDigit)
            && int.TryParse(value.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var port) && Port(port) is null
            ? null
            : $"'{Shown(value)}' is not of the form HOST:PORT, for example istiod.istio-system.svc:15012";
    }

    /// <summary>The id of a host's boot in an agent's report.</summary>
    public static string? Instance(string value) =>
        value.Length is < 16 or > 64 || !value.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_')
            ? $"'{Shown(value)}' is not 16 to 64 letters, digits, '-' and '_'"
            : null;

    /// <summary>A TCP port.</summary>
    public static string? Port(long value) =>
        value is >= 1 and <= 65535 ? null : $"{value} is not a TCP port (1-65535)";

    /// <summary>A CIDR block, as in <c>10.244.0.0/16</c>.</summary>
    public static string? Cidr(string value)
    {
        var slash = value.IndexOf('/', StringComparison.Ordinal);
        if (Contract.Cidr.ParseStrict(value) is not null)
            return null;

        return slash > 0 && IsIPAddress(value[..slash])
            ? $"'{Shown(value)}' is not a CIDR block: the prefix length is wrong, or bits are set behind it (10.244.0.0/16 would be right)"
            : $"'{Shown(value)}' is not a CIDR block, for example 10.244.0.0/16";
    }

    /// <summary>The location of a package: a path on the dashboard or an absolute https URL that ends in a plain file name.</summary>
    public static string? PackagePath(string value)
    {
        if (value.Any(char.IsControl))
            return $"'{Shown(value)}' has a control character";

        var onDashboard = value.StartsWith('/') && !value.StartsWith("//", StringComparison.Ordinal);
        if (!onDashboard && !(Uri.TryCreate(value, UriKind.Absolute, out var url) && url.Scheme == Uri.UriSchemeHttps))
            return $"'{Shown(value)}' is neither a path on the dashboard nor an absolute https URL";

        var path = onDashboard ? value : new Uri(value).AbsolutePath;
        if (Uri.UnescapeDataString(path).Split('/').Contains(".."))
            return $"'{Shown(value)}' leaves its folder";

        var fileName = Uri.UnescapeDataString(path[(path.LastIndexOf('/') + 1)..]);
        return fileName is "" or "." || fileName.Any(c => c is '/' or '\\' || char.IsControl(c))
            ? $"'{Shown(value)}' does not end in a plain file name (no slash, no control character)"
            : null;
    }

    /// <summary>Whether the text is an IP address in its usual form, without a scope or brackets.</summary>
    public static bool IsIPAddress(string value) =>
        IPAddress.TryParse(value, out var address)
        && (address.AddressFamily == AddressFamily.InterNetwork
            ? address.ToString() == value // "1" and "010.0.0.1" parse too
            : !value.Contains('%', StringComparison.Ordinal) && !value.Contains('[', StringComparison.Ordinal));

    /// <summary>Whether the text is a DNS name. Upper case is allowed; a dot at the end and a numeric last label are not.</summary>
    public static bool IsDnsName(string value)
    {
        var labels = value.Split('.');
        return value.Length is > 0 and <= 253
            && labels.All(label => IsLabel(label, allowUpper: true))
            && !labels[^1].All(char.IsAsciiDigit);
    }

    /// <summary>Formats a value for a message: at most 80 characters, with '?' for each invisible character.</summary>
    public static string Shown(string value) => OneLine.ReplaceUnprintable(value, '?', 80);

    private static bool IsLabel(string label, bool allowUpper) => label.Length <= 63 && IsPart(label, allowUpper);

    private static bool IsPart(string part, bool allowUpper) =>
        part.Length > 0
        && part[0] != '-'
        && part[^1] != '-'
        && part.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c == '-' || (allowUpper && char.IsAsciiLetterUpper(c)));
}
