using SmmAgent.Core.Settings;
using SmmAgent.Core.Yaml;
using SmmAgent.Linux.Dashboard;
using SmmAgent.Linux.Files;

namespace SmmAgent.Host.Configuration;

/// <summary><c>smm-agent set dashboard-url</c>.</summary>
internal static class SetDashboardUrl
{
    private const string Example = "dashboard-url https://smm.example.com";

    /// <summary>Hidden by ProtectHome= and PrivateTmp= of the unit.</summary>
    private static readonly string[] HiddenFromDaemon = ["/root/", "/home/", "/run/user/", "/tmp/", "/var/tmp/"];

    public static int Run(SettingsWriter writer, string url, bool allowPlaintext, string? caFile)
    {
        if (SettingsRules.DashboardUrl(url, allowPlaintext: true) is { } reason)
            return writer.Refuse(reason, Example);

        var uri = new Uri(url);
        var isPlain = uri.Scheme == Uri.UriSchemeHttp;
        if (isPlain && !allowPlaintext)
        {
            return writer.Refuse(
                $"'{uri.GetLeftPart(UriPartial.Authority)}' would send the bearer token in clear text",
                $"dashboard-url {uri.GetLeftPart(UriPartial.Authority)} --allow-plaintext",
                lead: "; use https, or accept the risk");
        }

        var changes = new List<SettingChange> { new("dashboard", "url", url) };
        if (isPlain)
            changes.Add(new("dashboard", "allowPlaintext", "true", IsBare: true));
        else if (allowPlaintext)
            writer.Warn("--allow-plaintext has no effect: the URL is https");

        if (caFile is not null)
        {
            var path = caFile.Length == 0 ? "" : Path.GetFullPath(caFile);
            if ((UserFile.Fault(caFile) ?? SettingsRules.AbsolutePath(path) ?? CaFile.Fault(path)) is { } fault)
                return writer.Refuse($"--ca-file: {fault}", "dashboard-url URL --ca-file /etc/smm/dashboard-ca.pem");
            changes.Add(new("dashboard", "caFile", path));
            if (HiddenFromDaemon.Any(folder => path.StartsWith(folder, StringComparison.Ordinal)))
                writer.Warn($"smm-agent.service cannot read {path}: {CaFile.InstallCommand(path, uri)}");
            else
                writer.WarnOfDaemon(path);
        }

        return writer.Set("dashboard url", changes);
    }
}
