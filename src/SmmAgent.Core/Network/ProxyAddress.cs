using System.Text;
using SmmAgent.Contract;

namespace SmmAgent.Core.Network;

/// <summary>A forward proxy. Its text form has no user and no password.</summary>
/// <param name="Credentials">The value of the header Proxy-Authorization; null when the URL has no user.</param>
public sealed record ProxyAddress(string Host, int Port, string? Credentials)
{
    public const string Example = "http://proxy.example.com:3128";

    /// <summary>The longest URL of a proxy. A longer user or password would make a header that proxies refuse.</summary>
    private const int MaximumLength = 1024;

    /// <summary>Reads <c>http://[USER:PASSWORD@]HOST:PORT</c>.</summary>
    /// <returns>The proxy, or the reason why the text names none. The reason does not contain the text, because it may have a password.
    /// </returns>
    public static (ProxyAddress? Value, string? Reason) Parse(string text)
    {
        if (text.Length > MaximumLength)
            return (null, $"is longer than {MaximumLength} characters");
        if (text.Any(c => char.IsControl(c) || char.IsWhiteSpace(c)) || !Uri.TryCreate(text, UriKind.Absolute, out var url)
            || url.Host.Length == 0)
            return (null, $"is not the URL of a proxy, for example {Example}");
        if (url.Scheme != Uri.UriSchemeHttp)
            return (null, $"has the scheme {NameRules.Shown(url.Scheme)}: only http proxies are supported, for example {Example}");
        if (url.PathAndQuery != "/" || url.Fragment.Length > 0)
            return (null, $"has more than a scheme, a user, a host and a port, for example {Example}");
        // curl and .NET have different default ports for a proxy.
        if (!HasPort(text) || url.Port == 0)
            return (null, $"has no port, for example {Example}");

        var user = Uri.UnescapeDataString(url.UserInfo);
        if (user.Any(char.IsControl))
            return (null, "has a control character in the user or the password");
        var credentials = user.Length == 0 ? null
            : $"Basic {Convert.ToBase64String(Encoding.UTF8.GetBytes(user.Contains(':', StringComparison.Ordinal) ? user : $"{user}:"))}";
        return (new(url.IdnHost.Trim('[', ']'), url.Port, credentials), null);
    }

    public override string ToString() => HostPort.Text(Host, Port);

    private static bool HasPort(string text)
    {
        var authority = text[(text.IndexOf("://", StringComparison.Ordinal) + 3)..].TrimEnd('/');
        var host = authority[(authority.LastIndexOf('@') + 1)..];
        return host.LastIndexOf(':') is var colon and > 0 && colon > host.LastIndexOf(']') && colon < host.Length - 1;
    }
}
