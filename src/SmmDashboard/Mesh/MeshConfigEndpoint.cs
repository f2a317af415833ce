using System.Globalization;
using SmmDashboard.Access;
using SmmDashboard.Groups;
using SmmDashboard.Http;

namespace SmmDashboard.Mesh;

/// <summary>
/// <c>GET GROUP/mesh-config</c>: a conditional request, which is held until the configuration changes if the client asks for it.
/// </summary>
public sealed class MeshConfigEndpoint(GroupAccess access, CurrentMesh mesh, TimeProvider clock)
{
    private const string PreferenceApplied = "Preference-Applied";

    public void Map(IEndpointRouteBuilder routes) => routes.MapApi(HttpMethods.Get, $"{GroupAccess.GroupPattern}/mesh-config", GetAsync);

    private async Task<ApiProblem?> GetAsync(HttpContext context)
    {
        var (admitted, problem) = await access.EnterAsync(context);
        if (admitted is null)
            return problem;

        var known = new EntityTags(context.Request.Headers.IfNoneMatch);
        var hasChanged = HasChanged(known, admitted.Group.ETag);
        if (PreferHeader.ParseWait(context.Request.Headers["Prefer"]) is { } seconds && !known.IsEmpty)
        {
            // The header is set behind the wait, because thousands of held requests would each need a dictionary for it.
            var applied = $"wait={seconds.ToString(CultureInfo.InvariantCulture)}";
            var started = clock.GetTimestamp();
            var wait = TimeSpan.FromSeconds(seconds);
            while (!hasChanged(admitted.Group) && !mesh.IsStopping)
            {
                var left = wait - clock.GetElapsedTime(started);
                if (left <= TimeSpan.Zero)
                    break;

                await admitted.Snapshot.WaitAsync(left, clock, context.RequestAborted);
                context.Response.Headers[PreferenceApplied] = applied;
                context.RequestAborted.ThrowIfCancellationRequested();

                // The token may have been revoked in the meantime.
                if (mesh.IsStopping)
                    break;

                var (again, refusal) = await access.EnterAsync(context);
                if (again is null)
                    return refusal;

                admitted = again;
            }

            context.Response.Headers[PreferenceApplied] = applied;
        }

        await AnswerAsync(context, admitted.Group, hasChanged(admitted.Group));
        return null;
    }

    /// <summary><c>*</c> matches the configuration at the start of the request.</summary>
    private static Func<ServedGroup, bool> HasChanged(EntityTags known, string first) =>
        known.MatchesAny ? group => group.ETag != first : group => !known.Match(group.ETag);

    private static async Task AnswerAsync(HttpContext context, ServedGroup group, bool hasChanged)
    {
        var response = context.Response;
        response.Headers.ETag = group.ETag;
        response.Headers.CacheControl = "private, no-store";
        if (!hasChanged)
        {
            response.StatusCode = StatusCodes.Status304NotModified;
            return;
        }

        response.ContentType = "application/json";
        response.ContentLength = group.Body.Length;
        await response.Body.WriteAsync(group.Body, context.RequestAborted);
    }
}
