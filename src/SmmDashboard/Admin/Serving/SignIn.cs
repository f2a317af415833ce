using SmmAgent.Contract;
using SmmDashboard.Access;
using SmmDashboard.Admin.Pages;
using SmmDashboard.Admin.Viewers;
using SmmDashboard.Hosting;
using SmmDashboard.Http;

namespace SmmDashboard.Admin.Serving;

/// <summary>Finds the token of a request, and lets a browser exchange a token for a session.</summary>
/// <param name="viewers">Judges tokens.</param>
/// <param name="sessions">The sessions of browsers.</param>
/// <param name="settings">The settings of the page.</param>
/// <param name="clock">The clock.</param>
/// <param name="log">Receives refused tokens, never the token.</param>
internal sealed class SignIn(IViewers viewers, Sessions sessions, SignIn.Settings settings, TimeProvider clock, ILogger<SignIn> log)
{
    private const string Page = "/sign-in";
    private const string Leave = "/sign-out";
    private const int MaximumForm = 16 * 1024;

    // A browser accepts a cookie with this prefix only from this host, over TLS and for all paths: another host of the domain cannot
    // set it.
    private readonly string _cookie = settings.IsTls ? $"__Host-{Sessions.CookieName}" : Sessions.CookieName;
    private readonly LogLimiter _refused = new(clock, perMinute: 10);

    /// <param name="Audience">The audience of a token for this dashboard.</param>
    /// <param name="IsTls">Whether the cookie is sent over TLS only.</param>
    public sealed record Settings(string Audience, bool IsTls);

    public static bool IsFor(string path) => path is Page or Leave;

    public async Task<ApiProblem?> AnswerAsync(HttpContext context, RequestRates rates)
    {
        var isPost = context.Request.Method == "POST";
        if (context.Request.Path == Page && context.Request.Method is "GET" or "HEAD")
        {
            await AdminRoutes.WriteHtmlAsync(context, SignInHtml.Create(fault: null, settings.Audience));
            return null;
        }

        if (!isPost)
        {
            context.Response.Headers.Allow = context.Request.Path == Page ? "GET, HEAD, POST" : "POST";
            return ApiProblem.FromStatus(405);
        }

        // The cookie is also SameSite=Strict. A foreign page must not sign a browser in either.
        if (!SecurityHeaders.IsSameOrigin(context.Request))
            return new(403, "cross-origin", "The form is of another origin", "open the sign-in page of this dashboard");
        if (context.Request.Path == Leave)
        {
            sessions.End(context.Request.Cookies[_cookie]);
            context.Response.Cookies.Delete(_cookie, Cookie());
            return SeeOther(context, Page);
        }

        return await BeginAsync(context, rates);
    }

    /// <summary>Finds the token in the header Authorization, else the token of the session; null without either.</summary>
    public PresentedToken? FindToken(HttpContext context, out ApiProblem? problem)
    {
        problem = null;
        if (!viewers.RequireToken)
            return null;
        if (context.Request.Headers.Authorization.Count > 0)
            return AuthorizationHeader.TryRead(context.Request, clock, out var token, out problem) ? token : null;

        return sessions.Find(context.Request.Cookies[_cookie]);
    }

    /// <summary>The problem of a viewer that may read nothing.</summary>
    public static ApiProblem NothingToSee() => new(403, "no-rights", "The account may read no namespace",
        "the account may get neither attachedmachines.smm-agent.io nor workloadgroups.networking.istio.io in any namespace that has "
        + "them; bind it to a ClusterRole with these rights, in a namespace or in the whole cluster");

    /// <param name="context">The request.</param>
    /// <param name="token">The token; null for none.</param>
    /// <param name="isOfSession">
    /// Whether the token is that of a session. It was accepted once, so it is not counted as unknown: behind an ingress all clients share
    /// one address, and a client that sends invalid tokens must not lock out the others.
    /// </param>
    /// <param name="rates">The rates of requests.</param>
    /// <returns>The viewer, or the problem to respond with.</returns>
    /// <exception cref="UnavailableException">The token cannot be judged now.</exception>
    public async ValueTask<(Viewer? Viewer, ApiProblem? Problem)> AdmitAsync(
        HttpContext context, PresentedToken? token, bool isOfSession, RequestRates rates)
    {
        if (viewers.RequireToken && token is null)
            return (null, ApiProblem.TokenMissing());
        var isCounted = token is not null && !isOfSession && !viewers.IsKnown(token);
        if (isCounted && rates.RefuseUnknownToken(context, null) is { } flood)
            return (null, flood);

        var (viewer, problem) = await viewers.AdmitAsync(token, context.RequestAborted);
        if (viewer is not null && isCounted)
            rates.ForgiveUnknownToken(context, null);
        if (viewer is not null)
            return (viewer, null);

        if (_refused.TryAcquire(out var withheld))
            log.ViewerRefused($"{context.Connection.RemoteIpAddress}", OneLine.From(problem!.Detail), withheld);
        return (null, rates.RefuseFailure(context) ?? problem);
    }

    private async Task<ApiProblem?> BeginAsync(HttpContext context, RequestRates rates)
    {
        if (await RequestBody.ReadAsync(context, MaximumForm) is not { } body)
            return ApiProblem.BodyTooLarge(MaximumForm);

        var text = body.FormField("token").Trim();
        var (viewer, problem) = AuthorizationHeader.IsToken(text)
            ? await AdmitAsync(context, new PresentedToken(text), isOfSession: false, rates)
            : (null, ApiProblem.TokenMalformed());
        // Such a session would only take the place of another one.
        if (viewer is { SeesNothing: true })
            (viewer, problem) = (null, NothingToSee());
        if (viewer is null)
        {
            var fault = AuthorizationHeader.IsToken(text) ? problem!.Detail : "this is not a bearer token";
            await AdminRoutes.WriteHtmlAsync(context, SignInHtml.Create(fault, settings.Audience), problem!.Status);
            return null;
        }

        context.Response.Cookies.Append(_cookie, sessions.Begin(new PresentedToken(text)), Cookie());
        return SeeOther(context, "/machines");
    }

    private CookieOptions Cookie() =>
        new() { HttpOnly = true, Secure = settings.IsTls, SameSite = SameSiteMode.Strict, Path = "/", IsEssential = true };

    private static ApiProblem? SeeOther(HttpContext context, string path)
    {
        context.Response.StatusCode = StatusCodes.Status303SeeOther;
        context.Response.Headers.Location = path;
        return null;
    }
}

internal static partial class SignInLog
{
    [LoggerMessage(
        1301, LogLevel.Warning,
        "Refused a token of {Client} on the admin listener: {Reason} (and {Withheld} others since the last such message)")]
    public static partial void ViewerRefused(this ILogger log, string client, string reason, long withheld);
}
