using System.Net.Http.Headers;
using SmmAgent.Core.Network;
using SmmAgent.Linux.Dashboard.Tokens;
using SmmAgent.Linux.Network.Proxies;

namespace SmmAgent.Linux.Dashboard;

/// <summary>Sends one request and turns every outcome into a result.</summary>
internal sealed class DashboardTransport : IDisposable
{
    private readonly BearerTokenFile _token;
    private readonly ProductInfoHeaderValue _userAgent;
    private readonly TimeProvider _time;
    private readonly ProxySetting _proxy;
    private readonly DashboardTrust _trust;
    private readonly DashboardBreaker _breaker;
    private readonly HttpMessageInvoker _http;

    public DashboardTransport(string? caFile, ProxySetting proxy, BearerTokenFile token, string agentVersion, TimeProvider time)
    {
        (_token, _time, _proxy) = (token, time, proxy);
        _userAgent = new ProductInfoHeaderValue("smm-agent", agentVersion);
        _trust = new DashboardTrust(caFile);
        _breaker = new DashboardBreaker(time);
        _http = new HttpMessageInvoker(DashboardHandler.New(_trust, proxy));
    }

    /// <param name="read">Reads a 2xx or a 304.</param>
    public async Task<DashboardResult<T>> CallAsync<T>(
        HttpRequestMessage request,
        TimeSpan deadline,
        Func<HttpResponseMessage, CancellationToken, Task<DashboardResult<T>>> read,
        CancellationToken cancel)
        where T : class
    {
        using (request)
        {
            if (_trust.CaFileFault is { } caFileFault)
                return new DashboardFailure.BadCaFile(caFileFault);
            var reading = _token.Read();
            if (reading.Token is not { } token)
                return new DashboardFailure.NoToken(reading.Fault!);

            request.Headers.UserAgent.Add(_userAgent);
            request.Headers.Accept.Add(new("application/json"));
            var result = await PresentAsync(request, token, deadline, read, cancel);
            if (result.Failure is not DashboardFailure.Refused { Status: 401, Front: null } || _token.Instead(token) is not { } other)
                return result;

            using var again = Copy(request);
            return await PresentAsync(again, other, deadline, read, cancel);
        }
    }

    private async Task<DashboardResult<T>> PresentAsync<T>(
        HttpRequestMessage request,
        BearerToken token,
        TimeSpan deadline,
        Func<HttpResponseMessage, CancellationToken, Task<DashboardResult<T>>> read,
        CancellationToken cancel)
        where T : class
    {
        request.Headers.Authorization = new("Bearer", token.Value);
        DashboardResult<T>? result = null;
        var failure = await _breaker.RunAsync(
            async inner => (result = await SendAsync(request, deadline, read, inner)).Failure, cancel);
        return result ?? failure!;
    }

    // HttpClient sends a request object only once.
    private static HttpRequestMessage Copy(HttpRequestMessage request)
    {
        var copy = new HttpRequestMessage(request.Method, request.RequestUri) { Content = request.Content };
        foreach (var (name, values) in request.Headers)
            copy.Headers.TryAddWithoutValidation(name, values);
        return copy;
    }

    public void Dispose() => _http.Dispose();

    private async Task<DashboardResult<T>> SendAsync<T>(
        HttpRequestMessage request,
        TimeSpan deadline,
        Func<HttpResponseMessage, CancellationToken, Task<DashboardResult<T>>> read,
        CancellationToken cancel)
        where T : class
    {
        // One deadline for the whole call: a body that arrives too slowly is as late as one that does not arrive.
        using var late = new CancellationTokenSource(deadline, _time);
        using var linked = CancellationTokenSource.CreateLinkedTokenSource(cancel, late.Token);
        var isAnswered = false;
        try
        {
            using var response = await _http.SendAsync(request, linked.Token);
            isAnswered = _trust.HasAnswered = true;
            return response.IsSuccessStatusCode || response.StatusCode == System.Net.HttpStatusCode.NotModified
                ? await read(response, linked.Token)
                : await FailureClassifier.StatusAsync(response, request.RequestUri!, _time.GetUtcNow(), linked.Token);
        }
        catch (OperationCanceledException) when (cancel.IsCancellationRequested)
        {
            throw;
        }
        catch (Exception exception)
        when (exception is HttpRequestException or IOException or OperationCanceledException or ObjectDisposedException)
        {
            var failure = FailureClassifier.Exception(exception, _trust, isAnswered);
            return failure is DashboardFailure.Unreachable unreachable
                ? unreachable with { Detail = unreachable.Detail + ProxyEnvironment.Note(request.RequestUri!, _proxy) }
                : failure;
        }
    }
}
