using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using SmmAgent.Contract;
using SmmAgent.Core.Network;
using SmmAgent.Linux.Files;
using SmmAgent.Linux.Network.Tls;

namespace SmmAgent.Linux.Dashboard;

/// <summary>Fetches the certificate authority of a dashboard by the SHA-256 of its certificate.</summary>
public static class PinnedAuthority
{
    private const int MaximumBytes = 256 * 1024;
    private const UnixFileMode Private = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(20);

    /// <summary>
    /// Fetches the authorities without verifying the connection, chooses the one with the SHA-256, and verifies the certificate of the
    /// dashboard with it. No token is sent.
    /// </summary>
    /// <param name="sha256">64 hexadecimal digits: the SHA-256 of the certificate in DER.</param>
    /// <returns>The certificate in PEM, or the reason why there is none.</returns>
    public static async Task<(string? Pem, string? Failure)> FetchAsync(
        Uri dashboard, string sha256, ProxySetting proxy, CancellationToken cancel)
    {
        var url = new Uri(dashboard, DashboardApi.AuthorityPath);
        var unverified = new DashboardTrust(caFile: null);
        var handler = DashboardHandler.New(unverified, proxy);
        handler.SslOptions = new SslClientAuthenticationOptions
        {
            CertificateChainPolicy = SystemTrust.HandshakePolicy(),
#pragma warning disable CA5359 // the SHA-256 decides whether the answer is trusted
            RemoteCertificateValidationCallback = (_, _, _, _) => true,
#pragma warning restore CA5359
        };
        var (body, failure) = await GetAsync(url, handler, unverified, cancel);
        if (body is null)
            return (null, failure);

        if (Choose(body, sha256) is not { } pem)
        {
            return (null, $"none of the certificates at {url} has the SHA-256 {sha256.ToLowerInvariant()}: "
                + "check the value, or another server answers there");
        }

        return await VerifyAsync(dashboard, pem, proxy, cancel) is { } untrusted ? (null, untrusted) : (pem, null);
    }

    /// <summary>The certificate with the SHA-256, in PEM; null if there is none.</summary>
    internal static string? Choose(ReadOnlySpan<byte> pem, string sha256)
    {
        X509Certificate2Collection certificates;
        try
        {
            certificates = TrustAnchors.Read(pem);
        }
        catch (CryptographicException)
        {
            return null;
        }

        var found = certificates.FirstOrDefault(certificate =>
            Convert.ToHexString(SHA256.HashData(certificate.RawDataMemory.Span)).Equals(sha256, StringComparison.OrdinalIgnoreCase))
            ?.ExportCertificatePem() + "\n";
        foreach (var certificate in certificates)
            certificate.Dispose();
        return found.Length > 1 ? found : null;
    }

    private static async Task<string?> VerifyAsync(Uri dashboard, string pem, ProxySetting proxy, CancellationToken cancel)
    {
        var folder = Directory.CreateTempSubdirectory("smm-agent-");
        try
        {
            var file = Path.Combine(folder.FullName, "ca.pem");
            AtomicFile.Write(file, pem, Private, durable: false);
            var trust = new DashboardTrust(file);
            var (body, failure) = await GetAsync(new Uri(dashboard, "/healthz"), DashboardHandler.New(trust, proxy), trust, cancel);
            return body is null ? failure!.Replace("dashboard.caFile", "the pinned certificate", StringComparison.Ordinal) : null;
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static async Task<(byte[]? Body, string? Failure)> GetAsync(
        Uri url, SocketsHttpHandler handler, DashboardTrust trust, CancellationToken cancel)
    {
        using var http = new HttpMessageInvoker(handler);
        using var deadline = new Deadline(Deadline, TimeProvider.System, cancel);
        using var request = new HttpRequestMessage(HttpMethod.Get, url);
        try
        {
            using var answer = await http.SendAsync(request, deadline.Token);
            if (!answer.IsSuccessStatusCode)
            {
                var why = answer.StatusCode == System.Net.HttpStatusCode.NotFound && url.AbsolutePath == DashboardApi.AuthorityPath
                    ? ": the dashboard is older, or needs --ca-certificate; use --ca-file FILE instead" : "";
                return (null, $"{url} answered {(int)answer.StatusCode}{why}");
            }

            return await BoundedBody.ReadAsync(answer.Content, MaximumBytes, deadline.Token) is { } body
                ? (body, null) : (null, $"{url} answered with more than {MaximumBytes} bytes");
        }
        catch (Exception exception) when (exception is HttpRequestException or IOException || (exception is OperationCanceledException
            && !cancel.IsCancellationRequested))
        {
            return (null, FailureClassifier.Exception(exception, trust) switch
            {
                DashboardFailure.Unreachable unreachable => $"{url} is not reachable: {unreachable.Detail}",
                DashboardFailure.BadAnswer bad => $"the answer of {url} {bad.Faults[0]}",
                _ => $"{url} is not reachable",
            });
        }
    }
}
