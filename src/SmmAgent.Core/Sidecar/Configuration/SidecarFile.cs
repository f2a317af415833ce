using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace SmmAgent.Core.Sidecar.Configuration;

/// <summary>One file of the sidecar's configuration, as it should be.</summary>
/// <param name="Path">Absolute, as the sidecar sees it.</param>
/// <param name="Owner">The name of a user, who is the file's group, too.</param>
/// <param name="NeedsRestart">
/// Whether a change of the content needs a restart of the sidecar, which does not read it anew by itself; another owner or mode alone never
/// does.
/// </param>
public sealed record SidecarFile(string Path, string Content, string Owner, UnixFileMode Mode, bool NeedsRestart)
{
    /// <summary>Whether the content that was found is as good as <see cref="Content"/>.</summary>
    public bool Matches(string found) => found == Content || (Path == SidecarFiles.RootCertificate && HoldsCertificates(found));

    /// <summary>A file with nothing in it but the certificates that were found in it: what lay beside them stays where it is.</summary>
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

    // The sidecar writes this file itself, at each renewal of its own certificate, with the roots that it was told.
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
