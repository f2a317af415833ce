using SmmAgent.Core.Settings;
using SmmAgent.Core.Yaml;

namespace SmmAgent.Host.Configuration;

/// <summary><c>smm-agent set trusted-key</c>. Several keys, as a rotation needs them, are written into agent.yaml by hand.</summary>
internal static class SetTrustedKey
{
    public static int Run(SettingsWriter writer, string key) =>
        SettingsRules.TrustedKey(key) is { } reason
            ? writer.Refuse(reason, "trusted-key MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=")
            : writer.Set("trusted key", new SettingChange("packages", "trustedKeys", key));
}
