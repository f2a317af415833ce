using SmmAgent.Core.Settings;
using SmmAgent.Core.Yaml;

namespace SmmAgent.Host.Configuration;

/// <summary><c>smm-agent set proxy</c>.</summary>
internal static class SetProxy
{
    public static int Run(SettingsWriter writer, string proxy) =>
        SettingsRules.Proxy(proxy) is { } reason
            ? writer.Refuse(reason, "proxy http://proxy.example.com:3128")
            : writer.Set("proxy", new SettingChange("dashboard", "proxy", proxy));
}
