using System.Text.RegularExpressions;

namespace SmmAgent.Core.Sidecar.Logs;

/// <summary>The phrases in the sidecar's log that identify a failure. Istio 1.11 to 1.29 use them.</summary>
internal static partial class SidecarFailurePatterns
{
    // Lines of Istio that have a subject are shorter.
    private const int MostSearched = 4096;

    // The first match counts. An answer of the control plane may contain any other phrase, so longer phrases come first.
    private static readonly Sign[] All =
    [
        new("address already in use", SidecarFailureKind.PortTaken),
        new("failed to fetch token from file", SidecarFailureKind.TokenUnreadable),
        new("istio-token: no such file", SidecarFailureKind.TokenUnreadable),
        new("istio-token: permission denied", SidecarFailureKind.TokenUnreadable),
        new("cannot find WorkloadGroup", SidecarFailureKind.GroupNotFound),
        new("no identities (", SidecarFailureKind.IdentityMismatch),
        new("WorkloadEntry namespace mismatch", SidecarFailureKind.IdentityMismatch),
        new("WorkloadEntry service account mismatch", SidecarFailureKind.IdentityMismatch),
        new("metadata.name: Invalid value", SidecarFailureKind.NameInvalid),
        new("failed to get proxy config", SidecarFailureKind.ConfigurationInvalid),
        new("failed to unmarshal mesh config", SidecarFailureKind.ConfigurationInvalid),
        new("failed to read mesh config", SidecarFailureKind.ConfigurationInvalid),
        new("failed to generate bootstrap", SidecarFailureKind.ConfigurationInvalid),
        new("error initializing configuration", SidecarFailureKind.ConfigurationInvalid),
        new("missing a root certificate", SidecarFailureKind.ConfigurationInvalid),
        new("root CA file for", SidecarFailureKind.ConfigurationInvalid),
        new("iptables-restore command:", SidecarFailureKind.CaptureFailed),
        new("xtables parameter problem", SidecarFailureKind.CaptureFailed),
        new("iptables-restore: ", SidecarFailureKind.CaptureFailed),
        new("failed to execute: iptables", SidecarFailureKind.CaptureFailed),
        new("failed to execute: ip6tables", SidecarFailureKind.CaptureFailed),
        new("xtables lock", SidecarFailureKind.CaptureFailed),
        new("can't initialize iptables", SidecarFailureKind.CaptureFailed),
        new("can't initialize ip6tables", SidecarFailureKind.CaptureFailed),

        new("code = Unauthenticated", SidecarFailureKind.TokenRefused, OfConnection: true),
        new("authentication failure", SidecarFailureKind.TokenRefused, OfConnection: true),
        new("request authenticate failure", SidecarFailureKind.TokenRefused, OfConnection: true),
        new("the token is not authenticated", SidecarFailureKind.TokenRefused, OfConnection: true),
        new("TokenReview", SidecarFailureKind.TokenRefused, OfConnection: true),
        new("closed: 16,", SidecarFailureKind.TokenRefused, OfConnection: true),
        new("ago: 16,", SidecarFailureKind.TokenRefused, OfConnection: true),

        new("error creating WorkloadEntry: workloadentries.networking.istio.io", SidecarFailureKind.EntryExists, And: "already exists"),
        new("registration of WorkloadEntry requires", SidecarFailureKind.Refused),
        new("auto-registration WorkloadEntry of", SidecarFailureKind.Refused),
        new("failed updating WorkloadEntry", SidecarFailureKind.Refused),
        new("server warmup not complete", SidecarFailureKind.Refused),
        new("not ready to serve discovery", SidecarFailureKind.Refused),
        new("code = PermissionDenied", SidecarFailureKind.Refused),
        new("code = FailedPrecondition", SidecarFailureKind.Refused),
        new("code = InvalidArgument", SidecarFailureKind.Refused),
        new("code = ResourceExhausted", SidecarFailureKind.Refused),
        new("code = Unimplemented", SidecarFailureKind.Refused),

        new("has expired or is not yet valid", SidecarFailureKind.CertificateTime, OfConnection: true),
        new("x509: certificate is valid for", SidecarFailureKind.OtherName, OfConnection: true),
        new("x509: certificate is not valid for", SidecarFailureKind.OtherName, OfConnection: true),
        new("x509: cannot validate certificate for", SidecarFailureKind.OtherName, OfConnection: true),
        new("does not look like a TLS handshake", SidecarFailureKind.OtherName, OfConnection: true),
        new("x509:", SidecarFailureKind.NotTrusted, OfConnection: true),
        new("remote error: tls:", SidecarFailureKind.OwnCertificateRefused, OfConnection: true),
        new("no such host", SidecarFailureKind.NoSuchName, OfConnection: true),
        new("server misbehaving", SidecarFailureKind.NoSuchName, OfConnection: true),
        new("name resolution", SidecarFailureKind.NoSuchName, OfConnection: true),
        new("produced zero addresses", SidecarFailureKind.NoSuchName, OfConnection: true),
        new("dial tcp: lookup ", SidecarFailureKind.NoSuchName, OfConnection: true),

        new("connection refused", SidecarFailureKind.Unreachable, OfConnection: true),
        new("i/o timeout", SidecarFailureKind.Unreachable, OfConnection: true),
        new("no route to host", SidecarFailureKind.Unreachable, OfConnection: true),
        new("network is unreachable", SidecarFailureKind.Unreachable, OfConnection: true),
        new("connection reset", SidecarFailureKind.Unreachable, OfConnection: true),
        new("connection timed out", SidecarFailureKind.Unreachable, OfConnection: true),
        new("deadline exceeded", SidecarFailureKind.Unreachable, OfConnection: true),
        new("handshake failed", SidecarFailureKind.Unreachable, OfConnection: true),
        new("error reading server preface", SidecarFailureKind.Unreachable, OfConnection: true),
        new("code = Unavailable", SidecarFailureKind.Unreachable, OfConnection: true),
        new("closed: 14,", SidecarFailureKind.Unreachable, OfConnection: true),
        new("ago: 14,", SidecarFailureKind.Unreachable, OfConnection: true),
    ];

    // Refused connections and bad certificates also occur for the workload, its probes and its scrapes.
    private static readonly string[] Connections =
        ["rpc error", "transport:", "gRPC config stream", "failed to connect to upstream", "failed to connect to endpoint",
            "create certificate", "failed to sign"];

    // Clients of servers other than the control plane, and Envoy's connection to pilot-agent, a socket on this host.
    private static readonly string[] Others = [" healthcheck ", " wasm ", " dns ", "no healthy upstream", "upstream connect error",
        "failed scraping", "health check grpc"];

    /// <returns>The failure in the line, and its position; null when the line has none.</returns>
    public static (SidecarFailureKind Kind, int At)? Find(string line)
    {
        var isOfConnection = Connections.Any(words => Has(line, words)) && !Others.Any(words => Has(line, words));
        foreach (var sign in All)
        {
            if ((isOfConnection || !sign.OfConnection) && (sign.And is null || Has(line, sign.And))
                && line.IndexOf(sign.Words, StringComparison.OrdinalIgnoreCase) is var at and >= 0)
                return (sign.Kind, at);
        }

        return null;
    }

    private static bool Has(string line, string words) => line.Contains(words, StringComparison.OrdinalIgnoreCase);

    /// <summary>
    /// The subject of the failure in a line: a port, or a WorkloadEntry in the syntax of kubectl; null when the line does not name it.
    /// </summary>
    public static string? Subject(SidecarFailureKind kind, string line)
    {
        // The sidecar may write anything, and a long line could take the expressions too long.
        var start = line[..Math.Min(line.Length, MostSearched)];
        try
        {
            return kind switch
            {
                SidecarFailureKind.PortTaken when Port().Match(start) is { Success: true } match => match.Groups[1].Value,
                SidecarFailureKind.EntryExists when Entry().Match(start) is { Success: true } match =>
                    $"-n {match.Groups[1].Value} {match.Groups[2].Value}",
                _ => null,
            };
        }
        catch (RegexMatchTimeoutException)
        {
            return null;
        }
    }

    // listen tcp :15020: bind: address already in use; cannot bind '127.0.0.1:15000': Address already in use
    [GeneratedRegex(@":([0-9]{1,5})'?: (?:bind: )?address already in use", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant,
        matchTimeoutMilliseconds: 1000)]
    private static partial Regex Port();

    // Only the characters that Kubernetes allows in these names match, because the command will be copied into a shell.
    // The first words are in a lookbehind, as in FileErrors.
    [GeneratedRegex(@"(?<=WorkloadEntry of) [^ ]*\.([a-z0-9-]{1,63}) failed: .*""([a-z0-9][a-z0-9.-]{0,252})"" already exists",
        RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Entry();

    /// <param name="OfConnection">Whether the words count only in a line about the connection to the control plane.</param>
    /// <param name="And">Other words that the line must have, too; null for none.</param>
    private sealed record Sign(string Words, SidecarFailureKind Kind, bool OfConnection = false, string? And = null);
}
