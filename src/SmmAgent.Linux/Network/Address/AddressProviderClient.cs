using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Security.Authentication;
using SmmAgent.Contract;
using SmmAgent.Core.Address;
using SmmAgent.Core.Reachability;
using SmmAgent.Linux.Network.Connections;
using SmmAgent.Linux.Network.Names;
using SmmAgent.Linux.Network.Tls;

namespace SmmAgent.Linux.Network.Address;

/// <summary>Requests the external address of this VM from address providers.</summary>
/// <remarks>
/// Requests use no proxy (the provider would see the address of the proxy), no credentials and no cookies, and each one uses a new
/// connection. IPv6 is used only if IPv4 has no route or no answer, so that all providers are asked over the same family.
/// </remarks>
public sealed class AddressProviderClient : IDisposable
{
    public static readonly TimeSpan DefaultTimeout = TimeSpan.FromSeconds(5);

    private const int MaximumRedirects = 3;
    private const int MaximumProviders = 8;

    private readonly HttpClient _http;
    private readonly NameLookup _names;
    private readonly TimeProvider _time;
    private readonly TimeSpan _timeout;

    public AddressProviderClient(TimeProvider time, NameLookup names, TimeSpan? timeout = null)
    {
        (_time, _names, _timeout) = (time, names, timeout ?? DefaultTimeout);
        var handler = new SocketsHttpHandler
        {
            UseProxy = false,
            UseCookies = false,
            AllowAutoRedirect = false,
            AutomaticDecompression = DecompressionMethods.None,
            ActivityHeadersPropagator = null,
            MaxResponseHeadersLength = 16,
            // The rest of a body that is too long is not read.
            MaxResponseDrainSize = 0,
            PooledConnectionLifetime = TimeSpan.Zero,
            ConnectCallback = ConnectAsync,
            SslOptions = SystemTrust.Options(),
        };
        _http = new HttpClient(handler) { Timeout = Timeout.InfiniteTimeSpan };
        _http.DefaultRequestHeaders.UserAgent.Add(new ProductInfoHeaderValue("smm-agent", null));
        _http.DefaultRequestHeaders.Accept.Add(new MediaTypeWithQualityHeaderValue("text/plain"));
    }

    /// <summary>Asks all providers at the same time.</summary>
    /// <returns>One result per provider, in the same order.</returns>
    public async Task<IReadOnlyList<ProviderResult>> AskAsync(IReadOnlyList<Uri> providers, CancellationToken cancel) =>
        await Task.WhenAll(providers.Take(MaximumProviders).Select(provider => AskAsync(provider, cancel)));

    public void Dispose() => _http.Dispose();

    private async Task<ProviderResult> AskAsync(Uri provider, CancellationToken cancel)
    {
        var name = ProviderResult.Name(provider);
        if (provider.Scheme != Uri.UriSchemeHttp && provider.Scheme != Uri.UriSchemeHttps)
            return ProviderResult.NoAnswer(name, "is neither an http nor an https URL");

        using var deadline = new Deadline(_timeout, _time, cancel);
        try
        {
            return await AskAsync(name, provider, deadline.Token);
        }
        catch (OperationCanceledException) when (deadline.IsOver)
        {
            return ProviderResult.NoAnswer(name, $"did not answer within {_timeout.TotalSeconds:0.#} s");
        }
        catch (HttpRequestException exception)
        {
            return ProviderResult.NoAnswer(name, Describe(exception));
        }
        catch (IOException)
        {
            return ProviderResult.NoAnswer(name, "broke off its answer");
        }
    }

    private async Task<ProviderResult> AskAsync(string name, Uri url, CancellationToken cancel)
    {
        for (var redirects = 0; redirects <= MaximumRedirects; redirects++)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, url);
            using var response = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancel);
            if (response.StatusCode == HttpStatusCode.OK)
                return await ReadAsync(name, response, cancel);

            if (response.Headers.Location is not { } location || (int)response.StatusCode is < 300 or >= 400)
            {
                var status = ((int)response.StatusCode).ToString(CultureInfo.InvariantCulture);
                return ProviderResult.NoAnswer(name, $"answered with status {status}");
            }

            if (!Uri.TryCreate(url, location, out var next))
                return ProviderResult.Refused(name, "redirects to something that is no URL");
            if (next.GetLeftPart(UriPartial.Authority) != url.GetLeftPart(UriPartial.Authority))
                return ProviderResult.Refused(
                    name, $"redirects to another place, '{NameRules.Shown(ProviderResult.Name(next))}', which is not followed");
            url = next;
        }

        return ProviderResult.Refused(name, $"redirects more than {MaximumRedirects} times");
    }

    private static async Task<ProviderResult> ReadAsync(string name, HttpResponseMessage response, CancellationToken cancel)
    {
        var isHtml = response.Content.Headers.ContentType?.MediaType?.Contains("html", StringComparison.OrdinalIgnoreCase) == true;
        if (response.Content.Headers.ContentLength > ProviderAnswer.MaximumBytes)
            return ProviderAnswer.Read(name, isHtml ? "<"u8 : default, isCut: true);

        var buffer = new byte[ProviderAnswer.MaximumBytes + 1];
        await using var body = await response.Content.ReadAsStreamAsync(cancel);
        var length = await body.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, cancel);
        var isCut = length > ProviderAnswer.MaximumBytes;
        return ProviderAnswer.Read(name, buffer.AsSpan(0, Math.Min(length, ProviderAnswer.MaximumBytes)), isCut);
    }

    private async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancel)
    {
        var name = await _names.LookUpAsync(context.DnsEndPoint.Host, cancel);
        if (name.Outcome != Outcome.Ok)
            throw new HttpRequestException(name.Detail);

        var (socket, fault) = await Connector.ConnectPreferringIPv4Async(name.Addresses, context.DnsEndPoint.Port, cancel);
        return socket is null ? throw new HttpRequestException(fault!.Detail) : new NetworkStream(socket, ownsSocket: true);
    }

    private static string Describe(HttpRequestException exception) => exception switch
    {
        { InnerException: AuthenticationException } => "has a certificate that this VM does not trust, or speaks no TLS",
        { InnerException: HttpRequestException inner } => inner.Message,
        { HttpRequestError: HttpRequestError.ConnectionError or HttpRequestError.Unknown, InnerException: null } => exception.Message,
        { HttpRequestError: HttpRequestError.InvalidResponse } => "answered with something that is not HTTP",
        { HttpRequestError: HttpRequestError.ResponseEnded } => "hung up without an answer",
        _ => $"did not answer ({exception.HttpRequestError})",
    };
}
