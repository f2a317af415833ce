using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using SmmAgent.Testbed;

namespace SmmAgent.NetnsTests.Cli;

/// <summary>
/// Input that could reach what src/SmmAgent/trim.xml removes from the published binary. Tests of the libraries run code that has all of it.
/// </summary>
public sealed class TrimmedLibraryTests : IDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("smm-trimmed-").FullName;

    public TrimmedLibraryTests()
    {
        Assert.SkipUnless(Programs.Missing() is null, Programs.Missing() ?? "");
        Directory.CreateDirectory(Path.Combine(_root, "etc", "smm"));
    }

    public void Dispose() => Directory.Delete(_root, recursive: true);

    // The name of an anchor and the handle of a tag are checked with patterns.
    [Theory]
    [InlineData("dashboard: &a\n  url: x\n", "line 1: uses a YAML anchor or alias (& or *), which is not supported")]
    [InlineData("dashboard:\n  url: *a\n", "line 2: uses a YAML anchor or alias (& or *), which is not supported")]
    [InlineData("dashboard:\n  url: &a*b x\n", "line 2: uses a YAML anchor or alias (& or *), which is not supported")]
    [InlineData("dashboard:\n  url: &[ x\n", "line 2: is not valid YAML: While scanning an anchor or alias")]
    [InlineData("dashboard:\n  url: *\n", "line 2: is not valid YAML: While scanning an anchor or alias")]
    [InlineData("dashboard:\n  url: !!str x\n", "line 2: uses a YAML tag (!), which is not supported")]
    [InlineData("dashboard:\n  url: !a!b x\n", "line 2: is not valid YAML: While parsing a node, found undefined tag handle")]
    [InlineData("%TAG !a! tag:example.com:\n---\ndashboard: {}\n", "line 1: begins with '%', a YAML directive, which is not supported")]
    public async Task AnchorsAndTagsAreRefused(string yaml, string reason)
    {
        await File.WriteAllTextAsync(Path.Combine(_root, "etc/smm/agent.yaml"), yaml, TestContext.Current.CancellationToken);

        var shown = await RunAsync("config", "show");

        Assert.Contains(reason, shown.Output + shown.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("ca.p12", "is in DER, not in PEM")]
    [InlineData("ca.der", "is in DER, not in PEM")]
    [InlineData("p12.pem", "cannot be used: The certificate contents do not contain a PEM with a CERTIFICATE label")]
    [InlineData("random.pem", "cannot be used: The certificate contents do not contain a PEM with a CERTIFICATE label")]
    [InlineData("random", "has no certificate in PEM")]
    [InlineData("empty", "has no certificate in PEM")]
    public async Task FileWithoutCertificatesInPemIsRefused(string name, string reason)
    {
        var file = Path.Combine(_root, name);
        await File.WriteAllBytesAsync(file, Content(name), TestContext.Current.CancellationToken);

        var refused = await RunAsync("set", "dashboard-url", "https://smm.example.com", "--ca-file", file);

        Assert.Contains($"{file} {reason}", refused.Output + refused.Error, StringComparison.Ordinal);
        Assert.Equal(2, refused.ExitCode);
    }

    // System.CommandLine would handle them if the agent did not turn them off.
    [Theory]
    [InlineData("there is no command 'che'; did you mean 'check'?", "[suggest]", "che")]
    [InlineData("there is no command 'che'; did you mean 'check'?", "[diagram]", "che")]
    [InlineData("'status' does not accept '@words'", "status", "@words")]
    [InlineData("'status' has no option '--bogus'", "status", "--bogus")]
    public async Task DirectivesAndResponseFilesAreNotUsed(string message, params string[] arguments)
    {
        var shown = await Terminal.PipedAsync([Programs.Agent, .. arguments]);

        Assert.Contains(message, shown.Error, StringComparison.Ordinal);
        Assert.Equal(2, shown.ExitCode);
    }

    private Task<CommandOutput> RunAsync(params string[] arguments) =>
        Terminal.PipedAsync([Programs.Agent, "--root", _root, .. arguments]);

    private static byte[] Content(string name)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=authority", key, HashAlgorithmName.SHA256);
        using var certificate = request.CreateSelfSigned(DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch.AddYears(100));
        var pkcs12 = certificate.Export(X509ContentType.Pkcs12);
        return name switch
        {
            "ca.p12" => pkcs12,
            "ca.der" => certificate.RawData,
            "p12.pem" => Pem(pkcs12),
            "random.pem" => Pem(RandomNumberGenerator.GetBytes(2000)),
            "random" => [0, .. RandomNumberGenerator.GetBytes(2000)],
            _ => [],
        };
    }

    private static byte[] Pem(byte[] content) => Encoding.ASCII.GetBytes(PemEncoding.WriteString("CERTIFICATE", content));
}
