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

        // Thousands of requests are held at a time, so each keeps little: the headers are parsed and set again after the wait.
        var first = admitted.Group.ETag;
        if (PreferHeader.ParseWait(context.Request.Headers["Prefer"]) is { } seconds && IsConditional(context))
        {
            var started = clock.GetTimestamp();
            var wait = TimeSpan.FromSeconds(seconds);
            while (!HasChanged(context, admitted.Group, first) && !mesh.IsStopping)
            {
                var left = wait - clock.GetElapsedTime(started);
                if (left <= TimeSpan.Zero)
                    break;

                await admitted.Snapshot.WaitAsync(left, clock, context.RequestAborted);
                SetApplied(context, seconds);
                context.RequestAborted.ThrowIfCancellationRequested();

                // The token may have been revoked in the meantime.
                if (mesh.IsStopping)
                    break;

                var (again, refusal) = await access.EnterAsync(context);
                if (again is null)
                    return refusal;

                admitted = again;
            }

            SetApplied(context, seconds);
        }

        await AnswerAsync(context, admitted.Group, HasChanged(context, admitted.Group, first));
        return null;
    }

    private static void SetApplied(HttpContext context, int seconds) =>
        context.Response.Headers[PreferenceApplied] = $"wait={seconds.ToString(CultureInfo.InvariantCulture)}";

    private static bool IsConditional(HttpContext context) => !new EntityTags(context.Request.Headers.IfNoneMatch).IsEmpty;

    /// <summary><c>*</c> matches the configuration at the start of the request.</summary>
    private static bool HasChanged(HttpContext context, ServedGroup group, string first)
    {
        var known = new EntityTags(context.Request.Headers.IfNoneMatch);
        return known.MatchesAny ? group.ETag != first : !known.Match(group.ETag);
    }

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
