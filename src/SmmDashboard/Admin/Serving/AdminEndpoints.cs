using SmmDashboard.Access;
using SmmDashboard.Admin.Api;
using SmmDashboard.Admin.Machines;
using SmmDashboard.Admin.Pages;
using SmmDashboard.Admin.Viewers;
using SmmDashboard.Http;

namespace SmmDashboard.Admin.Serving;

/// <summary>Answers every request of the admin listener. Nothing is written, except that a browser signs in and out.</summary>
internal sealed class AdminEndpoints(
    AdminRoutes routes, MachineEvents events, IViewers viewers, SignIn signIn, TimeProvider clock, ILogger<RequestGuard> log)
{
    public const string EventsPath = "/v1/events";

    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(10);

    private readonly RequestRates _rates = new(AdminOptions.Rates, clock, log);

    public async Task AnswerAsync(HttpContext context)
    {
        SecurityHeaders.Set(context.Response.Headers);
        Viewer? viewer = null;
        try
        {
            var (known, problem) = await RouteAsync(context);
            viewer = known;
            if (problem is not null)
                await WriteProblemAsync(context, problem, viewer);
        }
        catch (UnavailableException unavailable) when (!context.Response.HasStarted)
        {
            await WriteProblemAsync(context, ApiProblem.Unavailable(unavailable.Message, unavailable.RetryAfter), viewer);
        }
        catch (Exception) when (context.RequestAborted.IsCancellationRequested)
        {
            // The client has disconnected, so there is no response to write.
        }
        catch (BadHttpRequestException exception) when (!context.Response.HasStarted)
        {
            await WriteProblemAsync(context, ApiProblem.FromStatus(exception.StatusCode), viewer);
        }
        catch (Exception exception) when (!context.Response.HasStarted)
        {
            log.Failed(exception, context.Request.Method, "admin");
            await WriteProblemAsync(context, ApiProblem.FromStatus(500), viewer);
        }
    }

    private async Task<(Viewer? Viewer, ApiProblem? Problem)> RouteAsync(HttpContext context)
    {
        var (path, method) = (context.Request.Path.Value ?? "/", context.Request.Method);
        if (!viewers.RequireToken && !SecurityHeaders.IsLocalHost(context.Request.Host))
            return (null, new(421, "misdirected-request", "The name of the host is not allowed",
                "use http://127.0.0.1 or http://localhost"));
        if (_rates.Refuse(context) is { } flood)
            return (null, flood);

        if (SignIn.IsFor(path) && viewers.RequireToken)
            return (null, await signIn.AnswerAsync(context, _rates));
        if (method is not ("GET" or "HEAD"))
        {
            context.Response.Headers.Allow = "GET, HEAD";
            return (null, ApiProblem.FromStatus(405));
        }

        if (path.StartsWith("/assets/", StringComparison.Ordinal))
            return (null, await WriteAssetAsync(context, path["/assets/".Length..]));
        if (path == "/")
        {
            context.Response.Redirect("/machines");
            return (null, null);
        }

        return await EnterAsync(context, path);
    }

    private async Task<(Viewer? Viewer, ApiProblem? Problem)> EnterAsync(HttpContext context, string path)
    {
        var token = signIn.FindToken(context, out var problem);
        if (problem is not null)
            return (null, _rates.RefuseFailure(context) ?? problem);

        var isOfSession = context.Request.Headers.Authorization.Count == 0;
        var (viewer, refused) = await signIn.AdmitAsync(context, token, isOfSession, _rates);
        if (viewer is null)
            return (null, refused);

        // A HEAD request of a stream would never end.
        if (path == EventsPath)
            return (viewer, context.Request.Method != "GET" ? ApiProblem.FromStatus(405)
                : viewer.SeesNothing ? SignIn.NothingToSee() : await StreamAsync(context, token));
        foreach (var route in routes.All)
        {
            if (route.Match(path) is { } values)
                return (viewer, await route.AnswerAsync(new AdminRequest(context, new PageFrame(viewer, routes.Version), values)));
        }

        return (viewer, ApiProblem.NotFound(ApiProblem.UnknownPath));
    }

    private async Task<ApiProblem?> StreamAsync(HttpContext context, PresentedToken? token)
    {
        var (query, fault) = MachineQuery.Read(context.Request.Query);
        if (query is null)
            return ApiProblem.BodyInvalid(fault);
        if (events.Enter(token) is { } full)
            return ApiProblem.Unavailable(full, Soon);

        try
        {
            var machine = context.Request.Query["machine"].ToString();
            await events.WriteAsync(
                context, query, machine.Length > 0 ? machine : null,
                async () => await FindViewerAsync(context));
        }
        finally
        {
            events.Leave(token);
        }

        return null;
    }

    // The session may have ended since the stream was opened, so the token is found again.
    private async ValueTask<Viewer?> FindViewerAsync(HttpContext context)
    {
        var (viewer, _) = await viewers.AdmitAsync(signIn.FindToken(context, out _), context.RequestAborted);
        return viewer is { SeesNothing: false } ? viewer : null;
    }

    private static async Task<ApiProblem?> WriteAssetAsync(HttpContext context, string name)
    {
        if (Assets.Find(name) is not var (type, content))
            return ApiProblem.NotFound(ApiProblem.UnknownPath);

        context.Response.ContentType = type;
        context.Response.ContentLength = content.Length;
        await context.Response.Body.WriteAsync(content, context.RequestAborted);
        return null;
    }

    private static async Task WriteProblemAsync(HttpContext context, ApiProblem problem, Viewer? viewer)
    {
        var isPage = !context.Request.Path.StartsWithSegments("/v1", StringComparison.Ordinal)
            && !context.Request.Path.StartsWithSegments("/assets", StringComparison.Ordinal);
        if (!isPage)
            await problem.WriteAsync(context);
        else if (problem.Status == StatusCodes.Status401Unauthorized)
            context.Response.Redirect("/sign-in");
        else
            await AdminRoutes.WriteHtmlAsync(context, ProblemHtml.Create(problem, viewer), problem.Status);
    }
}
