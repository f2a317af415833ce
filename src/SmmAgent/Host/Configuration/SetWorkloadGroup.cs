using SmmAgent.Contract;

namespace SmmAgent.Host.Configuration;

/// <summary><c>smm-agent set workload-group</c>.</summary>
internal static class SetWorkloadGroup
{
    private const string Example = "workload-group vm-integration/analytics-v0";

    public static int Run(SettingsWriter writer, string group, string name) =>
        NameRules.Label(group) is { } badNamespace ? writer.Refuse($"the namespace {badNamespace}", Example)
        : NameRules.Subdomain(name) is { } badName ? writer.Refuse($"the name {badName}", Example)
        : writer.Set("workload group", new("workloadGroup", "namespace", group), new("workloadGroup", "name", name));
}
