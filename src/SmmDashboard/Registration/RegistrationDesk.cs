using System.Net;
using SmmAgent.Contract;
using SmmDashboard.Mesh;
using SmmDashboard.Tokens;

namespace SmmDashboard.Registration;

/// <summary>Decides whether a sidecar gets a WorkloadEntry.</summary>
public sealed class RegistrationDesk(
    CurrentMesh mesh, SidecarTokens tokens, WorkloadEntries entries, Refusals refusals, SidecarAuthority? authority = null)
{
    /// <param name="presented">The identity of the client's certificate, which was verified; null when it presented none.</param>
    /// <returns>The answer, and the entry that the connection holds when it was granted.</returns>
    public (RegistrationReply Reply, WorkloadEntry? Entry) Register(RegistrationRequest request, SpiffeId? presented)
    {
        if (presented is null && request.Token is null)
            return (RegistrationReply.Refused(RegistrationReply.RequestInvalid, "token: is required and missing"), null);

        // As at istiod, a certificate goes before a token.
        var reason = "";
        if ((presented ?? OfToken(request.Token!, out reason)) is not { } identity)
        {
            refusals.Remember(request, RegistrationReasons.TokenRefused);
            return (RegistrationReply.Refused(RegistrationReasons.TokenRefused, reason), null);
        }

        // Istiod's authority signs for whoever proved an identity; whether it may register is another question.
        var certificate = request.SigningRequest is { } signingRequest ? authority?.Issue(signingRequest, identity) : null;
        var (refusal, message) = Judge(request, identity, presented is null ? "token" : "certificate", out var entry);
        if (entry is null)
        {
            refusals.Remember(request, refusal);
            var proved = refusal == RegistrationReasons.IdentityMismatch ? identity.ToString() : null;
            return (RegistrationReply.Refused(refusal, message) with { Identity = proved, Certificate = certificate }, null);
        }

        refusals.Forget(entry);
        entries.Add(entry);
        return (RegistrationReply.Granted(entry.Name) with { Certificate = certificate }, entry);
    }

    private SpiffeId? OfToken(string token, out string reason)
    {
        var domain = mesh.Mesh.Groups.Values.FirstOrDefault()?.Config.Mesh.TrustDomain;
        return tokens.Verify(token, out reason) is { } account
            ? new SpiffeId(domain is { Length: > 0 } ? domain : SpiffeId.DefaultTrustDomain, account.Namespace, account.Name)
            : null;
    }

    // The namespace comes before the group, so that a token tells nothing about the groups of other namespaces.
    private (string Reason, string Message) Judge(RegistrationRequest request, SpiffeId identity, string proof, out WorkloadEntry? entry)
    {
        entry = null;
        if (identity.Namespace != request.Namespace || identity.ServiceAccount != request.ServiceAccount)
        {
            return (RegistrationReasons.IdentityMismatch,
                $"the {proof} is of {identity.Namespace}/{identity.ServiceAccount}, not of {NameRules.Shown(request.Namespace)}/{NameRules.Shown(request.ServiceAccount)}");
        }

        var id = new GroupName(request.Namespace, request.Group);
        if (!mesh.Mesh.Groups.TryGetValue(id, out var group))
            return (RegistrationReasons.GroupNotFound, $"there is no WorkloadGroup '{NameRules.Shown(request.Group)}' in {identity.Namespace}");

        var expected = group.Config.WorkloadGroup.ServiceAccount;
        if (identity.ServiceAccount != expected)
            return (RegistrationReasons.IdentityMismatch, $"the WorkloadGroup's service account is {expected}, the {proof} is of {identity.ServiceAccount}");

        if (!NameRules.IsIPAddress(request.Address))
            return (RegistrationReasons.NameInvalid, $"'{NameRules.Shown(request.Address)}' is not an IP address");

        var name = WorkloadEntryName.Of(request.Group, request.Address, request.Network);
        if (WorkloadEntryName.Rule(name) is { } fault)
            return (RegistrationReasons.NameInvalid, $"the WorkloadEntry's name would be invalid: {fault}");

        entry = new WorkloadEntry(name, id, IPAddress.Parse(request.Address), request.Uuid);
        return ("", "");
    }
}
