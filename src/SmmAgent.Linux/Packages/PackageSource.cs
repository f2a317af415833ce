using System.Net;
using System.Net.Http.Headers;
using SmmAgent.Contract;
using SmmAgent.Contract.Signing;
using SmmAgent.Core.Packages;
using SmmAgent.Linux.Dashboard;

namespace SmmAgent.Linux.Packages;

/// <summary>
/// Asks for packages, at the dashboard or where it points to. No token goes along: the contract has packages without, and the checksum is
/// what is trusted.
/// </summary>
/// <remarks>
/// The dashboard itself is believed as its other calls are; other servers are by the authorities of this host, over https only.
/// </remarks>
public sealed class PackageSource : IDisposable
{
    private const int MaximumRedirects = 5;
    private static readonly TimeSpan ListDeadline = TimeSpan.FromSeconds(30);

    private readonly Uri _dashboard;
    private readonly ProductInfoHeaderValue _userAgent;
    private readonly DashboardTrust _dashboardTrust;
    private readonly DashboardTrust _otherTrust;
    private readonly HttpMessageInvoker _toDashboard;
    private readonly HttpMessageInvoker _toOthers;

    /// <param name="caFile">dashboard.caFile; null where there is none.</param>
    /// <param name="othersCaFile">Authorities for other servers; null, as everywhere but in tests, means the system's.</param>
    public PackageSource(Uri dashboard, string? caFile, string agentVersion, string? othersCaFile = null)
    {
        (_dashboard, _userAgent) = (dashboard, new("smm-agent", agentVersion));
        _dashboardTrust = new(dashboard.Scheme == Uri.UriSchemeHttps ? caFile : null);
        _otherTrust = new(othersCaFile, isDashboards: false);
        _toDashboard = new(DashboardHandler.New(_dashboardTrust));
        _toOthers = new(DashboardHandler.New(_otherTrust));
    }

    /// <summary>Where a package lies; null when that is neither on the dashboard nor an https URL.</summary>
    public Uri? UrlOf(Package package)
    {
        if (!package.Path.StartsWith('/'))
            return Uri.TryCreate(package.Path, UriKind.Absolute, out var url) && url.Scheme == Uri.UriSchemeHttps ? url : null;

        // What begins with a slash can still name another server once it is resolved.
        return Uri.TryCreate(_dashboard, package.Path, out var below) && IsDashboard(below) ? below : null;
    }

    /// <summary>Asks for a package from a byte on.</summary>
    /// <param name="etag">The strong ETag of what is there of it; without one all of it is asked for.</param>
    /// <returns>An answer with a status of 200, 206 or 416; or why there is none.</returns>
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
                    return (null, new(PackageFailureReason.Redirected, $"{Shown(url)} redirects to nowhere"));
                if (next.Scheme != Uri.UriSchemeHttps && !(IsDashboard(url) && IsDashboard(next)))
                    return (null, new(PackageFailureReason.Redirected,
                        $"{Shown(url)} redirects to {Shown(next)}, which is not https, so it is not followed"));
                url = next;
            }
        }

        return (null, new(PackageFailureReason.Redirected, $"more than {MaximumRedirects} redirects, the last to {Shown(url)}"));
    }

    /// <summary>Fetches the dashboard's signed package list. It is not verified here.</summary>
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
            return (null, new(PackageFailureReason.CutOff, "the dashboard broke off while it sent its package list"));
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
            var why = FailureClassifier.Exception(exception, trust) switch
            {
                DashboardFailure.Unreachable unreachable => $"is not reachable: {unreachable.Detail}{ProxyEnvironment.Note(url)}",
                DashboardFailure.BadAnswer bad => $"is not usable: its answer {bad.Faults[0]}",
                var other => other.ToString(),
            };
            return (null, new(PackageFailureReason.Unreachable, $"{Origin(url)} {why}"));
        }
    }

    private bool IsDashboard(Uri url) => Origin(url) == Origin(_dashboard);

    // Without user and password, which a URL may have, too.
    private static string Origin(Uri url) => url.GetComponents(UriComponents.SchemeAndServer, UriFormat.UriEscaped);

    private static bool IsRedirect(HttpStatusCode status) => status
        is HttpStatusCode.MovedPermanently or HttpStatusCode.Found or HttpStatusCode.SeeOther
        or HttpStatusCode.TemporaryRedirect or HttpStatusCode.PermanentRedirect;
}
