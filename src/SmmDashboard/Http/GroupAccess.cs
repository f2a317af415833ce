using System.Diagnostics.CodeAnalysis;
using SmmDashboard.Mesh;
using SmmDashboard.Tokens;

namespace SmmDashboard.Http;

/// <summary>Who may ask for a WorkloadGroup: the checks of the contract in its order, 401, 403, 404, 426.</summary>
/// <remarks>
/// A token that is known but does not open the group: 404 only when the group would be in the token's own namespace, so that a slip of the
/// pen is told as one. In all other namespaces it is 403 whether the group exists or not: nobody can list the groups of others.
/// </remarks>
public sealed class GroupAccess(CurrentMesh mesh, RequestRates rates, TimeProvider clock)
{
    public const string GroupPattern = "/v1/namespaces/{namespace}/workloadgroups/{name}";

    public bool TryEnter(HttpContext context, [NotNullWhen(true)] out AdmittedGroup? admitted, [NotNullWhen(false)] out ApiProblem? problem)
    {
        var snapshot = mesh.Snapshot;
        var asked = new GroupName((string)context.GetRouteValue("namespace")!, (string)context.GetRouteValue("name")!);
        admitted = null;
        problem = Check(context, snapshot.Mesh, asked, out var group);
        if (problem is null)
            admitted = new AdmittedGroup(group!, snapshot);
        return problem is null;
    }

    private ApiProblem? Check(HttpContext context, MeshDescription description, GroupName asked, out ServedGroup? group)
    {
        group = null;
        if (!BearerToken.TryRead(context.Request, clock, out var sha256, out var refusal))
            return rates.RefuseFailure(context) ?? refusal;

        var opens = new List<ServedGroup>();
        foreach (var candidate in description.Groups.Values)
        {
            if (candidate.Accepts(sha256))
                opens.Add(candidate);
        }

        if (opens.Count == 0)
            return rates.RefuseFailure(context) ?? ApiProblem.TokenUnknown();

        group = opens.FirstOrDefault(candidate => candidate.Id == asked);
        if (group is null)
        {
            return !description.Groups.ContainsKey(asked) && opens.Any(candidate => candidate.Id.Namespace == asked.Namespace)
                ? ApiProblem.WorkloadGroupNotFound(asked)
                : ApiProblem.NotThisWorkloadGroup();
        }

        return description.MinimumAgentVersion is { } minimum
            && AgentVersion.OfUserAgent(context.Request.Headers.UserAgent.ToString()) is { } found
            && found < minimum
                ? ApiProblem.AgentTooOld(found, minimum)
                : null;
    }
}

/// <summary>A group whose token was shown, and the snapshot it was found in.</summary>
public sealed record AdmittedGroup(ServedGroup Group, MeshSnapshot Snapshot);
