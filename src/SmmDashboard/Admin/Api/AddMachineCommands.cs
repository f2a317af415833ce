using SmmDashboard.Groups;

namespace SmmDashboard.Admin.Api;

/// <summary>The commands that add a VM to a WorkloadGroup: one makes the file bearer-token, the other one uses it on the VM.</summary>
internal static class AddMachineCommands
{
    public static IReadOnlyList<GroupCommand> Create(GroupId group, string publicUrl, string? tokenCommand)
    {
        var plaintext = publicUrl.StartsWith("http://", StringComparison.Ordinal) ? "--allow-plaintext " : "";
        return
        [
            new("administrator", tokenCommand
                ?? "(umask 077; openssl rand -hex 32 | tr -d '\\n' > bearer-token); sha256sum < bearer-token   "
                    + "# add the hash to tokenSha256s"),
            new("VM", $"curl -fsSL {publicUrl}/get/smm-agent | sudo sh -s -- {plaintext}--workload-group {group} "
                + "--token-file bearer-token --reconcile"),
        ];
    }
}
