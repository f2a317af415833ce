using SmmDashboard.Groups;

namespace SmmDashboard.Admin.Api;

/// <summary>The commands that add a VM to a WorkloadGroup.</summary>
internal static class AddMachineCommands
{
    public static IReadOnlyList<GroupCommand> Create(GroupId group, ServiceAccount account, string publicUrl, string? tokenCommand)
    {
        const string Administrator = "administrator";
        const string Machine = "VM";
        var token = tokenCommand ?? $"openssl rand -hex 32 | tee {account.Name}.token | tr -d '\\n' | sha256sum   # add to tokenSha256s";
        return
        [
            new(Administrator, token),
            new(Machine, $"curl -fsSL {publicUrl}/get/smm-agent | sudo sh"),
            new(Machine, $"sudo smm-agent set workload-group {group.Namespace} {group.Name}"),
            new(Machine, "sudo smm-agent set bearer-token --stdin"),
            new(Machine, "sudo smm-agent reconcile"),
        ];
    }
}
