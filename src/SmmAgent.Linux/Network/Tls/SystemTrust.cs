using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using SmmAgent.Linux.Files;
using SmmAgent.Linux.Interop;

namespace SmmAgent.Linux.Network.Tls;

/// <summary>The certificate authorities of the system, which are read for a handshake that needs them, and then freed.</summary>
/// <remarks>
/// .NET reads all authorities of the system when it validates its first certificate, also if other authorities are given, and keeps them:
/// 1.3 MB of native memory. <see cref="KeepUnloaded"/> prevents that. The files are those that .NET and OpenSSL use.
/// </remarks>
public static class SystemTrust
{
    private const string FileVariable = "SSL_CERT_FILE";
    private const string FolderVariable = "SSL_CERT_DIR";

    // The file that OpenSSL reads by default is in one of these folders, depending on the distribution.
    private static readonly string[] DefaultFiles = ["/usr/lib/ssl/cert.pem", "/etc/pki/tls/cert.pem", "/etc/ssl/cert.pem"];

    // Debian and Ubuntu, Fedora and RHEL, SUSE. Each has all authorities of a folder below.
    private static readonly string[] Bundles =
        ["/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/ca-bundle.pem"];

    private static readonly string[] DefaultFolders = ["/etc/ssl/certs", "/etc/pki/tls/certs"];

    /// <summary>
    /// Makes .NET find no authorities of the system in this process. Call this before any thread starts: it changes variables of the
    /// process. The programs that the agent starts get the variables from a copy, which is made before.
    /// </summary>
    public static void KeepUnloaded()
    {
        _ = Environment.GetEnvironmentVariables();
        _ = Libc.SetVariable(FileVariable, "", overwrite: 1);
        _ = Libc.SetVariable(FolderVariable, "", overwrite: 1);
    }

    /// <summary>
    /// The policy of a handshake. <see cref="Build(X509Certificate2, X509Chain)"/> validates the certificate afterwards.
    /// </summary>
    public static X509ChainPolicy HandshakePolicy() => new()
    {
        TrustMode = X509ChainTrustMode.CustomRootTrust,
        RevocationMode = X509RevocationMode.NoCheck,
        DisableCertificateDownloads = true,
    };

    /// <summary>The options of a client that accepts servers which an authority of the system vouches for.</summary>
    public static SslClientAuthenticationOptions Options() => new()
    {
        CertificateChainPolicy = HandshakePolicy(),
        RemoteCertificateValidationCallback = (_, certificate, chain, errors) =>
        {
            if (certificate is not X509Certificate2 leaf || chain is null)
                return false;

            using var complete = Build(leaf, chain);
            return Errors(complete, errors) == SslPolicyErrors.None;
        },
    };

    /// <summary>Builds the chain of a server with the authorities of the system. The caller disposes of it.</summary>
    /// <param name="handshake">The chain of the handshake, which has the certificates that the server sent.</param>
    public static X509Chain Build(X509Certificate2 leaf, X509Chain handshake)
    {
        var chain = Build(leaf, handshake, FindIssuers([leaf, .. handshake.ChainPolicy.ExtraStore]));
        if (chain.ChainStatus.Length == 0)
            return chain;

        // OpenSSL also compares names that differ in their encoding, and the folders may have more than the bundle.
        chain.Dispose();
        return Build(leaf, handshake, Read(Files().Concat(FolderFiles()), _ => true));
    }

    /// <summary>The errors of a handshake, with those of a chain that was built afterwards.</summary>
    public static SslPolicyErrors Errors(X509Chain chain, SslPolicyErrors handshake) =>
        handshake & ~SslPolicyErrors.RemoteCertificateChainErrors
        | (chain.ChainStatus.Length == 0 ? SslPolicyErrors.None : SslPolicyErrors.RemoteCertificateChainErrors);

    private static X509Chain Build(X509Certificate2 leaf, X509Chain handshake, X509Certificate2Collection authorities)
    {
        var chain = new X509Chain { ChainPolicy = handshake.ChainPolicy.Clone() };
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.DisableCertificateDownloads = true; // a certificate that is not verified yet names the address; see trim.xml
        chain.ChainPolicy.CustomTrustStore.AddRange(authorities);
        chain.Build(leaf);
        chain.ChainPolicy.CustomTrustStore.Clear();
        foreach (var authority in authorities)
            authority.Dispose(); // the elements of the chain are copies
        return chain;
    }

    // The certificates of the bundle that may have issued one of the certificates, and their issuers.
    private static X509Certificate2Collection FindIssuers(IEnumerable<X509Certificate2> certificates)
    {
        var found = new X509Certificate2Collection();
        var known = new HashSet<string>();
        var wanted = certificates.Select(certificate => Key(certificate.IssuerName.RawData)).ToHashSet();
        while (wanted.Count > 0)
        {
            known.UnionWith(wanted);
            var issuers = Read(Files(), subject => wanted.Contains(Key(subject)));
            found.AddRange(issuers);
            wanted = issuers.Select(issuer => Key(issuer.IssuerName.RawData)).Where(name => !known.Contains(name)).ToHashSet();
        }

        return found;
    }

    private static X509Certificate2Collection Read(IEnumerable<string> files, Func<ReadOnlyMemory<byte>, bool> isWanted)
    {
        var read = new X509Certificate2Collection();
        var known = new HashSet<string>();
        foreach (var certificate in files.SelectMany(CertificateFile.Read))
        {
            if (CertificateFile.Subject(certificate) is not { } subject || !isWanted(subject)
                || !known.Add(Key(SHA256.HashData(certificate.Span))))
                continue;
            try
            {
                read.Add(X509CertificateLoader.LoadCertificate(certificate.Span));
            }
            catch (CryptographicException)
            {
                // OpenSSL skips a certificate that it cannot read, and so does this.
            }
        }

        return read;
    }

    private static string Key(ReadOnlyMemory<byte> bytes) => Convert.ToBase64String(bytes.Span);

    internal static IEnumerable<string> Files()
    {
        // An empty variable names no file, as in OpenSSL: then only the folder counts.
        if (Environment.GetEnvironmentVariable(FileVariable) is { } file)
            return file.Length > 0 ? [file] : [];

        IEnumerable<string> files = DefaultFiles;
        if (Environment.GetEnvironmentVariable(FolderVariable) is null)
            files = files.Concat(Bundles);
        return files.Where(File.Exists).Take(1);
    }

    internal static IEnumerable<string> FolderFiles()
    {
        var variable = Environment.GetEnvironmentVariable(FolderVariable);
        foreach (var folder in variable?.Split(':', StringSplitOptions.RemoveEmptyEntries) ?? DefaultFolders)
        {
            string[] files;
            try
            {
                files = Directory.GetFiles(folder);
            }
            catch (Exception exception) when (FileErrors.IsExpected(exception))
            {
                continue;
            }

            foreach (var file in files)
                yield return file;
        }
    }
}
