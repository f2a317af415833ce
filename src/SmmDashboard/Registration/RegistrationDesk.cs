using System.Net;
using SmmAgent.Contract;
using SmmDashboard.Mesh;
using SmmDashboard.Tokens;

namespace SmmDashboard.Registration;

/// <summary>Decides whether a sidecar gets a WorkloadEntry.</summary>
public sealed class RegistrationDesk(CurrentMesh mesh, SidecarTokens tokens, WorkloadEntries entries, Refusals refusals)
{
    /// <returns>The answer, and the entry that the connection holds when it was granted.</returns>
    public (RegistrationReply Reply, WorkloadEntry? Entry) Register(RegistrationRequest request)
    {
        var (reason, message) = Judge(request, out var entry);
        if (entry is not null)
        {
            refusals.Forget(entry);
            entries.Add(entry);
            return (RegistrationReply.Granted(entry.Name), entry);
        }

        refusals.Remember(request, reason);
        return (RegistrationReply.Refused(reason, message), null);
    }

    // The namespace comes before the group, so that a token tells nothing about the groups of other namespaces.
    private (string Reason, string Message) Judge(RegistrationRequest request, out WorkloadEntry? entry)
    {
        entry = null;
        if (tokens.Verify(request.Token, out var reason) is not { } account)
            return (RegistrationReasons.TokenRefused, reason);

        if (account.Namespace != request.Namespace || account.Name != request.ServiceAccount)
        {
            return (RegistrationReasons.IdentityMismatch,
                $"the token is of {account.Namespace}/{account.Name}, not of {NameRules.Shown(request.Namespace)}/{NameRules.Shown(request.ServiceAccount)}");
        }

        var id = new GroupName(request.Namespace, request.Group);
        if (!mesh.Mesh.Groups.TryGetValue(id, out var group))
            return (RegistrationReasons.GroupNotFound, $"there is no WorkloadGroup '{NameRules.Shown(request.Group)}' in {account.Namespace}");

        var expected = group.Config.WorkloadGroup.ServiceAccount;
        if (account.Name != expected)
            return (RegistrationReasons.IdentityMismatch, $"the WorkloadGroup's service account is {expected}, the token is of {account.Name}");

        if (!NameRules.IsIPAddress(request.Address))
            return (RegistrationReasons.NameInvalid, $"'{NameRules.Shown(request.Address)}' is not an IP address");

        var name = WorkloadEntryName.Of(request.Group, request.Address, request.Network);
        if (WorkloadEntryName.Rule(name) is { } fault)
            return (RegistrationReasons.NameInvalid, $"the WorkloadEntry's name would be invalid: {fault}");

        entry = new WorkloadEntry(name, id, IPAddress.Parse(request.Address), request.Uuid);
        return ("", "");
    }
}
