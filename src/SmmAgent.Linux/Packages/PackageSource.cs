using System.Net;
using System.Net.Http.Headers;
using SmmAgent.Contract;
using SmmAgent.Contract.Signing;
using SmmAgent.Core.Network;
using SmmAgent.Core.Packages;
using SmmAgent.Linux.Dashboard;
using SmmAgent.Linux.Network.Proxies;

namespace SmmAgent.Linux.Packages;

/// <summary>
/// Requests packages from the dashboard, or from the servers that it names. Requests have no token: the contract does not need one for
/// packages, and the agent trusts the checksum.
/// </summary>
/// <remarks>
/// The certificate of the dashboard is checked as for its other calls. Other servers must use https, with a certificate that this host
/// trusts.
/// </remarks>
public sealed class PackageSource : IDisposable
{
    private const int MaximumRedirects = 5;
    private static readonly TimeSpan ListDeadline = TimeSpan.FromSeconds(30);

    private readonly Uri _dashboard;
    private readonly ProxySetting _proxy;
    private readonly ProductInfoHeaderValue _userAgent;
    private readonly DashboardTrust _dashboardTrust;
    private readonly DashboardTrust _otherTrust;
    private readonly HttpMessageInvoker _toDashboard;
    private readonly HttpMessageInvoker _toOthers;

    /// <param name="caFile">dashboard.caFile; null where there is none.</param>
    /// <param name="othersCaFile">The authorities for other servers; null for the system's, as everywhere except in tests.</param>
    /// <param name="proxy">dashboard.proxy; null for none. It applies to other servers as well.</param>
    public PackageSource(
        Uri dashboard, string? caFile, string agentVersion, string? othersCaFile = null, ProxySetting? proxy = null)
    {
        (_dashboard, _userAgent, _proxy) = (dashboard, new("smm-agent", agentVersion), proxy ?? ProxySetting.None);
        _dashboardTrust = new(dashboard.Scheme == Uri.UriSchemeHttps ? caFile : null);
        _otherTrust = new(othersCaFile, isDashboards: false);
        _toDashboard = new(DashboardHandler.New(_dashboardTrust, _proxy));
        _toOthers = new(DashboardHandler.New(_otherTrust, _proxy));
    }

    /// <summary>The URL of a package; null when it is neither on the dashboard nor an https URL.</summary>
    public Uri? UrlOf(Package package)
    {
        if (!package.Path.StartsWith('/'))
            return Uri.TryCreate(package.Path, UriKind.Absolute, out var url) && url.Scheme == Uri.UriSchemeHttps ? url : null;

        // A path that begins with a slash can still resolve to another server.
        return Uri.TryCreate(_dashboard, package.Path, out var below) && IsDashboard(below) ? below : null;
    }

    /// <summary>Requests a package from an offset.</summary>
    /// <param name="etag">The strong ETag of the partial download; without one the whole package is requested.</param>
    /// <returns>A response with status 200, 206 or 416, or the reason why there is none.</returns>
    internal async Task<(HttpResponseMessage? Answer, PackageFailure? Failure)> GetAsync(
        Uri url, long from, EntityTagHeaderValue? etag, CancellationToken cancel)
    {
        for (var redirects = 0; redirects <= MaximumRedirects; redirects++)
        {
            var (answer, failure) = await SendAsync(url, from, etag, cancel);
            if (answer is null || !IsRedirect(answer.StatusCode))
                return (answer, failure);

            using (answer)
            {
                if (answer.Headers.Location is not { } location || !Uri.TryCreate(url, location, out var next))
                    return (null, new(PackageFailureReason.Redirected, $"{Shown(url)} redirects without a usable location"));
                if (next.Scheme != Uri.UriSchemeHttps && !(IsDashboard(url) && IsDashboard(next)))
                    return (null, new(PackageFailureReason.Redirected,
                        $"{Shown(url)} redirects to {Shown(next)}, which is not https, so it is not followed"));
                url = next;
            }
        }

        return (null, new(PackageFailureReason.Redirected, $"more than {MaximumRedirects} redirects, the last to {Shown(url)}"));
    }

    /// <summary>Fetches the signed package list of the dashboard, without verifying it.</summary>
    internal async Task<(byte[]? File, PackageFailure? Failure)> GetListAsync(CancellationToken cancel)
    {
        using var deadline = new Deadline(ListDeadline, TimeProvider.System, cancel);
        try
        {
            var (answer, failure) = await GetAsync(new Uri(_dashboard, $"/packages/{SignedPackageList.FileName}"), 0, null, deadline.Token);
            if (answer is null)
            {
                return (null, failure!.Reason != PackageFailureReason.Refused ? failure : new(
                    PackageFailureReason.NoPackageList, $"the dashboard has no signed package list: {failure.Message}",
                        "sign its packages: smm-dashboard sign-packages --key FILE DIR"));
            }

            using (answer)
            {
                var body = await BoundedBody.ReadAsync(answer.Content, SignedPackageList.MaximumBytes, deadline.Token);
                return body is null
                    ? (null, new(PackageFailureReason.BrokenPackageList,
                        $"the dashboard's package list is larger than {SignedPackageList.MaximumBytes} bytes"))
                    : (body, null);
            }
        }
        catch (OperationCanceledException) when (deadline.IsOver)
        {
            return (null, new(PackageFailureReason.CutOff,
                $"the dashboard did not send its package list within {ListDeadline.TotalSeconds:0} s"));
        }
        catch (Exception exception) when (exception is HttpRequestException or IOException)
        {
            return (null, new(PackageFailureReason.CutOff, "the dashboard closed the connection while it sent its package list"));
        }
    }

    internal static string Shown(Uri url) =>
        OneLine.From(url.GetComponents(UriComponents.SchemeAndServer | UriComponents.Path, UriFormat.UriEscaped));

    public void Dispose()
    {
        _toDashboard.Dispose();
        _toOthers.Dispose();
    }

    private async Task<(HttpResponseMessage? Answer, PackageFailure? Failure)> SendAsync(
        Uri url, long from, EntityTagHeaderValue? etag, CancellationToken cancel)
    {
        var (http, trust) = IsDashboard(url) ? (_toDashboard, _dashboardTrust) : (_toOthers, _otherTrust);
        if (trust.CaFileFault is { } fault)
            return (null, new(PackageFailureReason.Unreachable, $"dashboard.caFile: {fault}"));

        using var request = new HttpRequestMessage(HttpMethod.Get, url);
        request.Headers.UserAgent.Add(_userAgent);
        if (etag is not null)
        {
            request.Headers.Range = new(from, null);
            request.Headers.IfRange = new(etag);
        }

        try
        {
            var answer = await http.SendAsync(request, cancel);
            if (IsRedirect(answer.StatusCode) || answer.StatusCode
                is HttpStatusCode.OK or HttpStatusCode.PartialContent or HttpStatusCode.RequestedRangeNotSatisfiable)
                return (answer, null);

            using (answer)
                return (null, new(PackageFailureReason.Refused, $"{Shown(url)} answered {(int)answer.StatusCode}"));
        }
        catch (Exception exception) when (exception is HttpRequestException or IOException)
        {
            var reason = FailureClassifier.Exception(exception, trust) switch
            {
                DashboardFailure.Unreachable unreachable => $"is not reachable: {unreachable.Detail}{ProxyEnvironment.Note(url, _proxy)}",
                DashboardFailure.BadAnswer bad => $"is not usable: its answer {bad.Faults[0]}",
                _ => "is not reachable",
            };
            return (null, new(PackageFailureReason.Unreachable, $"{Origin(url)} {reason}"));
        }
    }

    private bool IsDashboard(Uri url) => Origin(url) == Origin(_dashboard);

    // A URL may have a user and a password, which must not be shown.
    private static string Origin(Uri url) => url.GetComponents(UriComponents.SchemeAndServer, UriFormat.UriEscaped);

    private static bool IsRedirect(HttpStatusCode status) => status
        is HttpStatusCode.MovedPermanently or HttpStatusCode.Found or HttpStatusCode.SeeOther
        or HttpStatusCode.TemporaryRedirect or HttpStatusCode.PermanentRedirect;
}
