using System.Security.Cryptography;
using SmmDashboard.Startup;
using SmmDashboard.Tests.Running;

namespace SmmDashboard.Tests.Startup;

/// <summary>A file that an option names and that cannot be used is reported with the option, the file, the reason and the fix.</summary>
public sealed class FileOptionTests : IDisposable
{
    private const string CertificateFix = "name a PEM file with the certificate and its chain";
    private const string KeyFix = "name the PEM file with the private key of the certificate";
    private const string AuthorityFix = "name a PEM file with the certificates of the authorities";
    private const string TokenFix = "name a file with the bearer token of an account that may see machines";
    private const string CaFix = "name a PEM file with the authority that signed the certificate of the admin listener";

    private const string MeshFix =
        "name a mesh description (YAML); the package has an example: /usr/share/doc/smm-dashboard/mesh.yaml.example";

    private readonly TemporaryFolder _folder = new();

    public FileOptionTests()
    {
        var (first, second) = (new TestCertificate(), new TestCertificate());
        using var encrypted = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        _folder.Write("mesh.yaml", new MeshYaml().ToString());
        _folder.Write("c.pem", first.CertificatePem);
        _folder.Write("k.pem", first.KeyPem);
        _folder.Write("other.pem", second.KeyPem);
        _folder.Write("encrypted.pem", encrypted.ExportEncryptedPkcs8PrivateKeyPem(
            "abcd", new PbeParameters(PbeEncryptionAlgorithm.Aes128Cbc, HashAlgorithmName.SHA256, 1000)));
        _folder.Write("bad-c.pem", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
        _folder.Write("bad-k.pem", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n");
        _folder.Write("empty", "");
        Directory.CreateDirectory(_folder.Path("dir"));
    }

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("@none", "@k.pem", $"--certificate '@none': no such file or directory; {CertificateFix}")]
    [InlineData("@dir", "@k.pem", $"--certificate '@dir' is a directory; {CertificateFix}")]
    [InlineData("@empty", "@k.pem", $"--certificate '@empty' is empty; {CertificateFix}")]
    [InlineData("@k.pem", "@k.pem", $"--certificate '@k.pem' contains no certificate (-----BEGIN CERTIFICATE-----); {CertificateFix}")]
    [InlineData("@bad-c.pem", "@k.pem", $"--certificate '@bad-c.pem' contains a certificate that cannot be decoded; {CertificateFix}")]
    [InlineData("@c.pem", "@none", $"--key '@none': no such file or directory; {KeyFix}")]
    [InlineData("@c.pem", "@dir", $"--key '@dir' is a directory; {KeyFix}")]
    [InlineData("@c.pem", "@c.pem", $"--key '@c.pem' contains no private key (-----BEGIN PRIVATE KEY-----); {KeyFix}")]
    [InlineData("@c.pem", "@bad-k.pem",
        $"--key '@bad-k.pem' contains a private key that cannot be decoded, or is neither EC nor RSA; {KeyFix}")]
    [InlineData("@c.pem", "@other.pem", $"--key '@other.pem' is not the private key of the first certificate in @c.pem; {KeyFix}")]
    [InlineData("@c.pem", "@encrypted.pem",
        "--key '@encrypted.pem': the private key is encrypted; decrypt it: openssl pkey -in @encrypted.pem -out FILE")]
    public async Task CertificateAndKeyAreValidatedBeforeTheStart(string certificate, string key, string error)
    {
        Assert.Equal((2, $"{error}\n"), await RunAsync(
            "--mesh", "@mesh.yaml", "--listen", "https://127.0.0.1:0", "--certificate", certificate, "--key", key));
        foreach (var listener in (string[])["admin", "registration"])
        {
            Assert.Equal((2, $"--{listener}-{error[2..]}\n"), await RunAsync(
                "--mesh", "@mesh.yaml", "--listen", "http://127.0.0.1:0", $"--{listener}", "127.0.0.1:0", $"--{listener}-certificate",
                certificate, $"--{listener}-key", key));
        }
    }

    [Theory]
    [InlineData("@none", ": no such file or directory")]
    [InlineData("@dir", " is a directory")]
    [InlineData("@empty", " is empty")]
    [InlineData("@k.pem", " contains no certificate (-----BEGIN CERTIFICATE-----)")]
    public async Task AuthoritiesAreValidatedBeforeTheStart(string file, string reason) => Assert.Equal(
        (2, $"--ca-certificate '{file}'{reason}; {AuthorityFix}\n"),
        await RunAsync("--mesh", "@mesh.yaml", "--listen", "http://127.0.0.1:0", "--ca-certificate", file));

    [Theory]
    [InlineData("@none", "no such file or directory")]
    [InlineData("@dir", "is a directory")]
    [InlineData("/dev/null", null)]
    public async Task MeshDescriptionThatCannotBeReadIsReported(string file, string? reason)
    {
        var fault = reason is null ? "the file is not a regular file" : $"the file cannot be read: {reason}";
        Assert.Equal(
            (2, $"--mesh '{file}': {fault}; {MeshFix}\n"), await RunAsync("--mesh", file, "--listen", "http://127.0.0.1:0"));
        Assert.Equal((1, $"✗ {file}: {fault}; {MeshFix}\n1 failed, 0 warnings\n"), await RunAsync("check", "--mesh", file));
    }

    [Fact]
    public async Task EmptyMeshDescriptionIsReportedAsEmpty()
    {
        const string Fault = "the file is empty; it must have publicUrl, mesh, meshExpansionGateways and groups";
        Assert.Equal(
            (2, $"@empty: {Fault}\nsee: smm-dashboard check --mesh @empty\n"),
            await RunAsync("--mesh", "@empty", "--listen", "http://127.0.0.1:0"));
        Assert.Equal((1, $"✗ @empty:1: {Fault}\n1 failed, 0 warnings\n"), await RunAsync("check", "--mesh", "@empty"));
        Assert.Equal(
            (2, "--mesh '': the name of the file is empty\nsee: smm-dashboard check --help\n"), await RunAsync("check", "--mesh", ""));
    }

    [Theory]
    [InlineData("@mesh.yaml", "'@mesh.yaml' is a file")]
    [InlineData("/proc/none/x", "'/proc/none/x': no such file or directory")]
    public async Task DataFolderThatCannotBeMadeIsAFailure(string folder, string reason) => Assert.Equal(
        (1, $"--data {reason}; name a folder that this user can write\n"),
        await RunAsync("--mesh", "@mesh.yaml", "--listen", "http://127.0.0.1:0", "--data", folder));

    [Theory]
    [InlineData("--token-file", "@none", $": no such file or directory; {TokenFix}")]
    [InlineData("--token-file", "@dir", $" is a directory; {TokenFix}")]
    [InlineData("--token-file", "@empty", $" does not contain a bearer token; {TokenFix}")]
    [InlineData("--token-file", "@c.pem", $" does not contain a bearer token; {TokenFix}")]
    [InlineData("--ca-file", "@none", $": no such file or directory; {CaFix}")]
    [InlineData("--ca-file", "@dir", $" is a directory; {CaFix}")]
    [InlineData("--ca-file", "@empty", $" contains no certificate (-----BEGIN CERTIFICATE-----); {CaFix}")]
    [InlineData("--ca-file", "@bad-c.pem", $" contains a certificate that cannot be decoded; {CaFix}")]
    [InlineData("--ca-file", "", $": the name of the file is empty; {CaFix}")]
    public async Task FilesOfMachinesAreValidated(string option, string file, string reason) => Assert.Equal(
        (2, $"{option} '{file}'{reason}\nsee: smm-dashboard machines --help\n"), await RunAsync("machines", option, file));

    [Theory]
    [InlineData("@none", "no such file or directory; give another file: --kubeconfig FILE")]
    [InlineData("@dir", "is a directory; give another file: --kubeconfig FILE")]
    [InlineData(
        "@empty", "it has no current context with a cluster and a user; to see what is in it: kubectl --kubeconfig @empty config view")]
    [InlineData("@c.pem",
        "it is not valid YAML, or a value has another type, in line 1; to see what is in it: kubectl --kubeconfig @c.pem config view")]
    [InlineData("@mesh.yaml",
        "its current context has no cluster with a server; to see what is in it: kubectl --kubeconfig @mesh.yaml config view")]
    public async Task KubeconfigThatCannotBeUsedIsReported(string file, string reason)
    {
        var error = $"{file}: not a usable kubeconfig: {reason}\n";
        Assert.Equal((2, error), await RunAsync(
            "--kubernetes", "--kubeconfig", file, "--public-url", "https://a.example.com", "--listen", "http://127.0.0.1:0"));
        Assert.Equal(
            (2, $"{error}see: smm-dashboard check --help\n"), await RunAsync("check", "--kubernetes", "--kubeconfig", file));
    }

    // In arguments and output, @ stands for the folder. The name of the program before each error is removed.
    private async Task<(int ExitCode, string Text)> RunAsync(params string[] arguments)
    {
        using var text = new StringWriter { NewLine = "\n" };
        var exitCode = await EntryPoint.MainAsync(
            [.. arguments.Select(argument => argument.StartsWith('@') ? _folder.Path(argument[1..]) : argument)], text, text);
        return (exitCode, text.ToString()
            .Replace($"{_folder.Root}/", "@", StringComparison.Ordinal).Replace("smm-dashboard: ", "", StringComparison.Ordinal));
    }
}
