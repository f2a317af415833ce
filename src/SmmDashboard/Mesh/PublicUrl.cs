using SmmAgent.Contract;

namespace SmmDashboard.Mesh;

/// <summary>
/// The dashboard's URL as VMs see it. It is written into a script that root runs: only harmless characters; and agents are set to it: they
/// take a scheme, a host and a port.
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
