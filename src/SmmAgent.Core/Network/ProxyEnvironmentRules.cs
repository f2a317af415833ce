using System.Globalization;
using System.Net;

namespace SmmAgent.Core.Network;

/// <summary>The proxy in the environment, by the rules of curl.</summary>
public static class ProxyEnvironmentRules
{
    /// <param name="read">Reads an environment variable; null if it is not set.</param>
    /// <returns>The value of the variable and its name; null when there is no proxy for this URL.</returns>
    public static (string Value, string Name)? Find(Uri url, Func<string, string?> read)
    {
        // As in curl, HTTP_PROXY in capitals is not read: a CGI program gets it from a header of a request.
        string[] names = url.Scheme == Uri.UriSchemeHttps
            ? ["https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"]
            : ["http_proxy", "all_proxy", "ALL_PROXY"];
        var name = Array.Find(names, one => !string.IsNullOrEmpty(read(one)));
        return name is null || IsExcluded(url, FirstSet(read, "no_proxy", "NO_PROXY")) ? null : (read(name)!.Trim(), name);
    }

    /// <summary>Whether NO_PROXY names the host: itself, a parent domain, its address or network, or <c>*</c> for every host.</summary>
    internal static bool IsExcluded(Uri url, string noProxy)
    {
        var host = url.IdnHost.Trim('[', ']').TrimEnd('.');
        return noProxy.Split([',', ' ', '\t'], StringSplitOptions.RemoveEmptyEntries).Any(entry => Matches(entry, host, url.Port));
    }

    private static bool Matches(string entry, string host, int port)
    {
        if (entry == "*")
            return true;
        if (FindNetwork(entry) is { } network)
            return IPAddress.TryParse(host, out var member) && network.Contains(member);
        if (IPAddress.TryParse(entry.Trim('[', ']'), out var address))
            return IPAddress.TryParse(host, out var same) && same.Equals(address);

        var colon = entry.LastIndexOf(':');
        if (colon > 0)
        {
            return entry[(colon + 1)..] == port.ToString(CultureInfo.InvariantCulture)
                && Matches(entry[..colon], host, port);
        }

        var domain = entry.TrimStart('*').Trim('.');
        return domain.Length > 0 && (host.Equals(domain, StringComparison.OrdinalIgnoreCase)
            || host.EndsWith("." + domain, StringComparison.OrdinalIgnoreCase));
    }

    // As curl: the bits of the address after the prefix do not matter.
    private static IPNetwork? FindNetwork(string entry)
    {
        if (entry.Split('/') is not [var start, var length] || !IPAddress.TryParse(start, out var address)
            || !int.TryParse(length, NumberStyles.None, CultureInfo.InvariantCulture, out var prefix))
            return null;

        var bytes = address.GetAddressBytes();
        if (prefix > bytes.Length * 8)
            return null;

        for (var at = 0; at < bytes.Length; at++)
            bytes[at] &= (byte)(0xFF00 >> Math.Clamp(prefix - (at * 8), 0, 8));
        return new(new IPAddress(bytes), prefix);
    }

    private static string FirstSet(Func<string, string?> read, params string[] names) =>
        names.Select(read).FirstOrDefault(value => !string.IsNullOrEmpty(value)) ?? "";
}
