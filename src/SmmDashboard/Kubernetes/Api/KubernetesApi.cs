using System.Net;
using System.Net.Http.Headers;
using System.Reflection;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace SmmDashboard.Kubernetes.Api;

/// <summary>
/// The Kubernetes API: the library's client with host name checks, time limits, bounded answers, and faults that an operator can read.
/// </summary>
public sealed class KubernetesApi : IDisposable
{
    private const int LargestDocument = 4 * 1024 * 1024;
    private readonly k8s.Kubernetes _client;

    public KubernetesApi(ApiSettings settings, TimeProvider time)
    {
        var configuration = settings.Client;
        configuration.UserAgent = UserAgent;
        configuration.FirstMessageHandlerSetup = handler =>
        {
            handler.ConnectTimeout = TimeSpan.FromSeconds(5);
            handler.KeepAlivePingDelay = TimeSpan.FromSeconds(30);
            handler.KeepAlivePingTimeout = TimeSpan.FromSeconds(15);
            handler.AllowAutoRedirect = false;
            handler.AutomaticDecompression = DecompressionMethods.GZip;
            if (settings.Authorities is { } authorities)
            {
                handler.SslOptions.RemoteCertificateValidationCallback =
                    (_, certificate, chain, errors) => authorities.Accepts(certificate, chain, errors);
            }
        };
        _client = new k8s.Kubernetes(configuration, new ApiHandler(settings, time));
    }

    /// <summary><c>smm-dashboard/VERSION</c>.</summary>
    public static string UserAgent { get; } =
        $"smm-dashboard/{typeof(KubernetesApi).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion}";

    /// <summary>A typed call of the library.</summary>
    /// <param name="call">For messages: the verb and the object, for example <c>create tokenreviews.authentication.k8s.io</c>.</param>
    /// <param name="send">The call.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="ApiException">The call failed.</exception>
    public async Task<T> CallAsync<T>(
        string call, Func<k8s.IKubernetes, CancellationToken, Task<T>> send, CancellationToken cancellationToken)
    {
        try
        {
            return await send(_client, cancellationToken);
        }
        catch (Exception thrown) when (ApiException.From(call, thrown) is { } fault)
        {
            throw fault;
        }
    }

    /// <summary>Reads a document, for example of discovery. Null when the server has none at this path.</summary>
    /// <exception cref="ApiException">The call failed.</exception>
    internal async Task<T?> FindAsync<T>(string call, string path, JsonTypeInfo<T> type, CancellationToken cancellationToken)
        where T : class
    {
        try
        {
            var body = await GetAsync(call, path, cancellationToken);
            return body.Length > LargestDocument
                ? throw ApiException.Unreadable(call, $"it has {body.Length} bytes")
                : JsonSerializer.Deserialize(body.AsSpan(), type);
        }
        catch (ApiException fault) when (fault.Fault == ApiFault.NotFound)
        {
            return null;
        }
        catch (JsonException fault)
        {
            throw ApiException.Unreadable(call, fault);
        }
    }

    /// <summary>The bytes at a path. A 429 is thrown at once: the caller has its own backoff.</summary>
    /// <exception cref="ApiException">The call failed.</exception>
    internal async Task<byte[]> GetAsync(string call, string path, CancellationToken cancellationToken)
    {
        try
        {
            using var request = Request(path);
            ApiHandler.MarkOnceOnly(request);
            using var response = await _client.HttpClient.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
            var body = await response.Content.ReadAsByteArrayAsync(cancellationToken);
            return response.IsSuccessStatusCode ? body : throw ApiException.Refused(call, (int)response.StatusCode, body, response.Headers);
        }
        catch (Exception thrown) when (thrown is not ApiException && ApiException.From(call, thrown) is { } fault)
        {
            throw fault;
        }
    }

    /// <summary>Opens a watch. The caller limits its time and disposes it.</summary>
    /// <exception cref="ApiException">The server refused it.</exception>
    internal async Task<HttpResponseMessage> OpenAsync(string call, string path, CancellationToken cancellationToken)
    {
        try
        {
            using var request = Request(path);
            ApiHandler.MarkWatch(request);
            var response = await _client.HttpClient.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
            if (response.IsSuccessStatusCode)
                return response;

            using (response)
                throw ApiException.Refused(
                    call, (int)response.StatusCode, await response.Content.ReadAsByteArrayAsync(cancellationToken), response.Headers);
        }
        catch (Exception thrown) when (thrown is not ApiException && ApiException.From(call, thrown) is { } fault)
        {
            throw fault;
        }
    }

    public void Dispose() => _client.Dispose();

    private HttpRequestMessage Request(string path) => new(HttpMethod.Get, new Uri(_client.BaseUri, path.TrimStart('/')))
    {
        Version = HttpVersion.Version20,
        Headers = { Accept = { new MediaTypeWithQualityHeaderValue("application/json") } },
    };
}
