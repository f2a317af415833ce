using SmmAgent.Core.Settings;
using SmmAgent.Core.Yaml;

namespace SmmAgent.Host.Configuration;

/// <summary><c>smm-agent set node-ip</c>.</summary>
internal static class SetNodeIp
{
    public static int Run(SettingsWriter writer, string address) =>
        SettingsRules.NodeIp(address) is { } reason
            ? writer.Refuse(reason, "node-ip 3.67.91.181")
            : writer.Set("node ip", new SettingChange("node", "ip", address));
}
