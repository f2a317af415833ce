using System.Net;
using SmmAgent.Contract;
using SmmDashboard.Embedded.Mesh;
using SmmDashboard.Embedded.Tokens;
using SmmDashboard.Groups;

namespace SmmDashboard.Embedded.Registration;

/// <summary>Decides whether a sidecar gets a WorkloadEntry.</summary>
public sealed class RegistrationService(
    CurrentMeshDescription mesh,
    SidecarTokenSigner tokens,
    RegisteredEntries entries,
    RecentRefusals refusals,
    ILogger<RegistrationService> log,
    SidecarAuthority? authority = null)
{
    /// <summary>Registers a sidecar or refuses it.</summary>
    /// <param name="request">The request.</param>
    /// <param name="presented">The identity of the verified client certificate; null when the client presented none.</param>
    /// <returns>The reply, and the entry that the connection holds after a successful registration.</returns>
    public (RegistrationReply Reply, RegisteredEntry? Entry) Register(RegistrationRequest request, SpiffeId? presented)
    {
        if (presented is null && request.Token is null)
            return (RegistrationReply.Refused(RegistrationReply.RequestInvalid, "token: is required and missing"), null);

        // As in istiod, a certificate takes precedence over a token.
        var reason = "";
        if ((presented ?? IdentityFromToken(request.Token!, request.ClusterId, out reason)) is not { } identity)
        {
            refusals.Remember(request, RegistrationReasons.TokenRefused);
            return (RegistrationReply.Refused(RegistrationReasons.TokenRefused, reason), null);
        }

        // The authority of istiod signs for any proved identity, regardless of whether the identity may register.
        var certificate = request.SigningRequest is { } signingRequest ? Issue(signingRequest, identity) : null;
        var (refusal, message) = Evaluate(request, identity, presented is null ? "token" : "certificate", out var entry);
        if (entry is null)
        {
            refusals.Remember(request, refusal);
            var proved = refusal == RegistrationReasons.IdentityMismatch ? identity.ToString() : null;
            return (RegistrationReply.Refused(refusal, message) with { Identity = proved, Certificate = certificate }, null);
        }

        if (!entries.TryAdd(entry))
        {
            refusals.Remember(request, RegistrationReasons.StaleEntry);
            var stale = RegistrationReply.Refused(
                RegistrationReasons.StaleEntry, $"workloadentries.networking.istio.io \"{entry.Name}\" already exists");
            return (stale with { Certificate = certificate }, null);
        }

        refusals.Forget(entry);
        return (RegistrationReply.Granted(entry.Name) with { Certificate = certificate }, entry);
    }

    private string? Issue(string signingRequest, SpiffeId identity)
    {
        if (authority is null)
            return null;

        var (certificate, reason) = authority.Issue(signingRequest, identity);
        if (reason is not null)
            log.NotIssued($"{identity}", reason);
        return certificate;
    }

    // istiod asks the API server of the cluster that the sidecar names, and knows only its own cluster.
    private SpiffeId? IdentityFromToken(string token, string? clusterId, out string reason)
    {
        var own = mesh.Mesh.Groups.Values.FirstOrDefault()?.Config.Mesh;
        if (tokens.Verify(token, out reason) is not { } account)
            return null;

        if (clusterId is not null && own is not null && clusterId != own.ClusterId)
        {
            reason = $"the token is for the cluster '{NameRules.Shown(clusterId)}', but this is {own.ClusterId}";
            return null;
        }

        var trustDomain = own?.TrustDomain is { Length: > 0 } domain ? domain : SpiffeId.DefaultTrustDomain;
        return new SpiffeId(trustDomain, account.Namespace, account.Name);
    }

    // The namespace is checked before the group, so that a token does not reveal groups of other namespaces.
    private (string Reason, string Message) Evaluate(
        RegistrationRequest request, SpiffeId identity, string proof, out RegisteredEntry? entry)
    {
        entry = null;
        if (identity.Namespace != request.Namespace || identity.ServiceAccount != request.ServiceAccount)
        {
            var claimed = $"{NameRules.Shown(request.Namespace)}/{NameRules.Shown(request.ServiceAccount)}";
            return (RegistrationReasons.IdentityMismatch,
                $"the {proof} belongs to {identity.Namespace}/{identity.ServiceAccount}, not to {claimed}");
        }

        var id = new GroupId(request.Namespace, request.Group);
        if (!mesh.Mesh.Groups.TryGetValue(id, out var group))
        {
            return (RegistrationReasons.GroupNotFound,
                $"WorkloadGroup '{NameRules.Shown(request.Group)}' does not exist in namespace {identity.Namespace}");
        }

        var expected = group.Config.WorkloadGroup.ServiceAccount;
        if (identity.ServiceAccount != expected)
        {
            return (RegistrationReasons.IdentityMismatch,
                $"the service account of the WorkloadGroup is {expected}, but the {proof} belongs to {identity.ServiceAccount}");
        }

        if (!NameRules.IsIPAddress(request.Address))
            return (RegistrationReasons.NameInvalid, $"'{NameRules.Shown(request.Address)}' is not an IP address");

        var name = WorkloadEntryName.Create(request.Group, request.Address, request.Network);
        if (WorkloadEntryName.Rule(name) is { } fault)
            return (RegistrationReasons.NameInvalid, $"the name of the WorkloadEntry would be invalid: {fault}");

        entry = new RegisteredEntry(name, id, IPAddress.Parse(request.Address), identity, Labels(group.Config.WorkloadGroup, request));
        return ("", "");
    }

    // Merged in the order of istiod: the template, the metadata, the sidecar.
    private static Dictionary<string, string> Labels(WorkloadGroup group, RegistrationRequest request)
    {
        var labels = new Dictionary<string, string>();
        foreach (var (name, value) in group.TemplateLabels.Concat(group.MetadataLabels).Concat(request.Labels))
            labels[name] = value;
        if (request.Uuid is { } uuid)
            labels[EntryLabels.Uuid] = uuid.ToString();
        return labels;
    }
}
