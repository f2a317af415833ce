using SmmAgent.Contract;

namespace SmmDashboard.Mesh;

/// <summary>The dashboard's URL as VMs see it. It is written into a script that root runs: only harmless characters.</summary>
public static class PublicUrl
{
    public static string? Rule(string value) =>
        Uri.TryCreate(value, UriKind.Absolute, out var url)
        && (url.Scheme == Uri.UriSchemeHttp || url.Scheme == Uri.UriSchemeHttps)
        && url.Host.Length > 0
        && url.UserInfo.Length == 0
        && value.All(c => char.IsAsciiLetterOrDigit(c) || c is ':' or '/' or '.' or '-' or '_' or '~' or '[' or ']')
            ? null
            : $"'{NameRules.Shown(value)}' is not an absolute http or https URL without user, query and special characters, for example https://smm.example.com";
}
