using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace SmmAgent.Core.Sidecar.Configuration;

/// <summary>One file of the sidecar's configuration, as it should be.</summary>
/// <param name="Path">Absolute, as the sidecar sees it.</param>
/// <param name="Owner">The name of the user, which is also the name of the group.</param>
/// <param name="NeedsRestart">
/// Whether a change of the content needs a restart, because the sidecar does not reload the file. A change of the owner or mode alone never
/// does.
/// </param>
public sealed record SidecarFile(string Path, string Content, string Owner, UnixFileMode Mode, bool NeedsRestart)
{
    /// <summary>Whether the observed content is equivalent to <see cref="Content"/>.</summary>
    public bool Matches(string found) => found == Content || (Path == SidecarFiles.RootCertificate && HoldsCertificates(found));

    /// <summary>The observed file, reduced to its certificates: any other content must not be copied.</summary>
    public static FoundFile OnlyCertificates(FoundFile found)
    {
        var certificates = new X509Certificate2Collection();
        try
        {
            certificates.ImportFromPem(found.Content);
            return found with { Content = certificates.ExportCertificatePems() };
        }
        catch (CryptographicException)
        {
            return found with { Content = "" };
        }
        finally
        {
            foreach (var certificate in certificates)
                certificate.Dispose();
        }
    }

    // The sidecar writes this file at each renewal of its own certificate, with the roots that it received.
    private bool HoldsCertificates(string found) => Certificates(found) is { Count: > 0 } have && Certificates(Content).IsSubsetOf(have);

    private static HashSet<string> Certificates(string pem)
    {
        var certificates = new X509Certificate2Collection();
        try
        {
            certificates.ImportFromPem(pem);
            return [.. certificates.Select(certificate => certificate.GetCertHashString(HashAlgorithmName.SHA256))];
        }
        catch (CryptographicException)
        {
            return [];
        }
        finally
        {
            foreach (var certificate in certificates)
                certificate.Dispose();
        }
    }
}
