using SmmAgent.Contract;

namespace SmmDashboard.Mesh;

/// <summary>
/// The URL of the dashboard as VMs see it. It is written into a script that root runs, so only harmless characters are allowed. Agents are
/// configured with it, and they accept a scheme, a host and a port.
/// </summary>
public static class PublicUrl
{
    public static string? Rule(string value) =>
        Uri.TryCreate(value, UriKind.Absolute, out var url)
        && (url.Scheme == Uri.UriSchemeHttp || url.Scheme == Uri.UriSchemeHttps)
        && value.StartsWith($"{url.Scheme}://", StringComparison.Ordinal)
        && url.Host.Length > 0
        && url.UserInfo.Length == 0
        && value.TrimEnd('/').LastIndexOf('/') == url.Scheme.Length + 2
        && value.All(c => char.IsAsciiLetterOrDigit(c) || c is ':' or '/' or '.' or '-' or '_' or '~' or '[' or ']')
            ? null
            : $"'{NameRules.Shown(value)}' is not an http or https URL of a host and a port alone, for example https://smm.example.com";
}
