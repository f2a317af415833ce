using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using SmmAgent.Contract;
using SmmDashboard.Http;

namespace SmmDashboard.Tls;

/// <summary>The files with the certificate authorities of the dashboard.</summary>
/// <param name="Authorities">A PEM file with the authorities; null for those in the chain of the certificate.</param>
/// <param name="Certificate">The certificate with its chain; null without TLS.</param>
public sealed record AuthorityFiles(string? Authorities, string? Certificate);

/// <summary>
/// <c>GET /get/ca.pem</c>: the certificate authorities of the dashboard, for a VM that knows their SHA-256. They are public.
/// </summary>
public sealed class AuthorityEndpoint(AuthorityFiles files)
{
    private const int MaximumBytes = 256 * 1024;

    public void Map(IEndpointRouteBuilder routes) => routes.MapApi(HttpMethods.Get, DashboardApi.AuthorityPath, GetAsync);

    private async Task<ApiProblem?> GetAsync(HttpContext context)
    {
        if (await ReadAsync(context.RequestAborted) is not { Length: > 0 } pem)
        {
            return ApiProblem.NotFound(
                "the dashboard has no certificate authority: give it --ca-certificate, or a certificate with its chain");
        }

        var body = Encoding.ASCII.GetBytes(pem);
        context.Response.ContentType = "application/x-pem-file";
        context.Response.ContentLength = body.Length;
        context.Response.Headers.CacheControl = "no-cache";
        await context.Response.Body.WriteAsync(body, context.RequestAborted);
        return null;
    }

    private async Task<string?> ReadAsync(CancellationToken cancellationToken)
    {
        if ((files.Authorities ?? files.Certificate) is not { } path)
            return null;

        var certificates = new X509Certificate2Collection();
        try
        {
            // Only the certificates of the file are served.
            certificates.ImportFromPem(await File.ReadAllTextAsync(path, cancellationToken));
            var served = files.Authorities is not null ? certificates : [.. Chain(certificates)];
            var pem = string.Concat(served.Select(certificate => certificate.ExportCertificatePem() + "\n"));
            return pem.Length <= MaximumBytes ? pem : null;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or CryptographicException)
        {
            return null; // the file is being replaced, or cannot be read
        }
        finally
        {
            foreach (var certificate in certificates)
                certificate.Dispose();
        }
    }

    // A server sends its own certificate first.
    private static IEnumerable<X509Certificate2> Chain(X509Certificate2Collection certificates) =>
        certificates is [var own] && own.SubjectName.RawData.AsSpan().SequenceEqual(own.IssuerName.RawData)
            ? certificates : certificates.Skip(1);
}
