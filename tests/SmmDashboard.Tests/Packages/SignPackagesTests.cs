using System.Security.Cryptography;
using System.Text;
using SmmAgent.Contract;
using SmmAgent.Contract.Signing;
using SmmDashboard.Startup;
using SmmDashboard.Tests.Running;

namespace SmmDashboard.Tests.Packages;

public sealed class SignPackagesTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("smm-sign-");

    [Fact]
    public void FolderIsSignedWithNewKey()
    {
        var made = Run("--new-key", At("key.pem"));
        Assert.Equal((0, UnixFileMode.UserRead | UnixFileMode.UserWrite), (made.ExitCode, File.GetUnixFileMode(At("key.pem"))));
        Put("istio-sidecar_1.24.0-1_amd64.deb", "a");
        Put("istio-sidecar-1.24.0.aarch64.rpm", "bc");
        Put("smm-agent_0.2.0_arm64.deb", "d");
        Put("smm-agent-0.2.0-1.x86_64.rpm", "e");
        Put("other_1_amd64.deb", "f");

        var run = Run("--key", At("key.pem"), "--valid-days", "7", "--minimum", "istio-sidecar=1.24.1", _folder.FullName);

        Assert.Equal((0, ""), (run.ExitCode, run.Error));
        Assert.Contains("! istio-sidecar 1.24.0 rpm arm64 is below the minimum 1.24.1: no agent installs it\n", run.Output,
            StringComparison.Ordinal);
        Assert.Contains("✓ smm-agent 0.2.0-1 rpm amd64\n", run.Output, StringComparison.Ordinal);
        var key = Key(File.ReadAllText(At(Files.Keys)).TrimEnd('\n'));
        Assert.Contains(key.Text, made.Output, StringComparison.Ordinal);
        var list = Assert.IsType<ListOpening.Opened>(SignedPackageList.Open(File.ReadAllBytes(At(SignedPackageList.FileName)), [key])).List;
        Assert.Equal(TimeSpan.FromDays(7), list.Expires - list.Issued);
        Assert.Equal(
            [
                ("istio-sidecar", "1.24.0", "rpm", "arm64", 2, Sha256("bc")), ("istio-sidecar", "1.24.0-1", "deb", "amd64", 1, Sha256("a")),
                ("smm-agent", "0.2.0-1", "rpm", "amd64", 1, Sha256("e")), ("smm-agent", "0.2.0", "deb", "arm64", 1, Sha256("d")),
            ],
            list.Packages.Select(package =>
                (package.Name, package.Version, package.Format.Word(), package.Architecture, package.Size, package.Sha256)));
        Assert.Equal("1.24.1", list.MinimumVersions["istio-sidecar"]);
    }

    [Fact]
    public async Task OpensslKeySignsAndOpensslVerifiesSums()
    {
        Openssl("genpkey", "-algorithm", "ed25519", "-out", At("key.pem"));
        Openssl("pkey", "-in", At("key.pem"), "-pubout", "-out", At("pub.pem"));
        Put("smm-agent_0.2.0_amd64.deb", "d");
        Put("SHA256SUMS", $"{Sha256("d")}  smm-agent_0.2.0_amd64.deb\n");

        Assert.Equal(0, Run("--key", At("key.pem"), _folder.FullName).ExitCode);

        Openssl("pkeyutl", "-verify", "-rawin", "-pubin", "-inkey", At("pub.pem"), "-in", At("SHA256SUMS"), "-sigfile",
            At("SHA256SUMS.sig"));
        var publicHalf = (await File.ReadAllLinesAsync(At("pub.pem"), TestContext.Current.CancellationToken))[1];
        Assert.Equal($"{publicHalf}\n", await File.ReadAllTextAsync(At(Files.Keys), TestContext.Current.CancellationToken));
        // An encrypted key is decrypted into a pipe, which can be read only once.
        Openssl("pkey", "-in", At("key.pem"), "-aes256", "-passout", "pass:x", "-out", At("secret.pem"));
        var run = Run("--key", At("secret.pem"), _folder.FullName);
        Assert.Equal(2, run.ExitCode);
        Assert.Contains("is encrypted: decrypt it for this call", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task DashboardServesPackageList()
    {
        await using var dashboard = await RunningDashboard.StartAsync();
        dashboard.Folder.Write("packages/smm-agent_0.2.0_amd64.deb", "d");
        Assert.Equal(0, Run("--new-key", At("key.pem")).ExitCode);
        Assert.Equal(0, Run("--key", At("key.pem"), dashboard.Folder.Path("packages")).ExitCode);

        var answer = await (Call.Get($"/packages/{SignedPackageList.FileName}") with { Token = null }).SendAsync(dashboard);

        var key = Key(File.ReadAllText(dashboard.Folder.Path($"packages/{Files.Keys}")).TrimEnd('\n'));
        Assert.IsType<ListOpening.Opened>(SignedPackageList.Open(answer.Content, [key]));
        Assert.Contains($"package_key='{key.Text}'", (await (Call.Get("/get/smm-agent") with { Token = null }).SendAsync(dashboard)).Text,
            StringComparison.Ordinal);
    }

    [Fact]
    public void MismatchedSumsAreNotSignedAndNothingIsReplaced()
    {
        Run("--new-key", At("key.pem"));
        Put("smm-agent_0.2.0_amd64.deb", "d");
        Put("SHA256SUMS", $"{Sha256("x")}  smm-agent_0.2.0_amd64.deb\n");

        var run = Run("--key", At("key.pem"), _folder.FullName);

        Assert.Equal(1, run.ExitCode);
        Assert.Contains("does not match smm-agent_0.2.0_amd64.deb", run.Error, StringComparison.Ordinal);
        Assert.False(File.Exists(At(SignedPackageList.FileName)) || File.Exists(At("SHA256SUMS.sig")));
    }

    [Theory]
    [InlineData(2, "sign-packages needs --key FILE and DIR")]
    [InlineData(2, "sign-packages needs --key FILE and DIR", "--key", "@key.pem")]
    [InlineData(2, "is not a folder", "--key", "@key.pem", "@missing")]
    [InlineData(2, "--new-key cannot be combined with --key or DIR", "--new-key", "@two.pem", "@")]
    [InlineData(2, "--valid-days '0' is not", "--key", "@key.pem", "--valid-days", "0", "@")]
    [InlineData(2, "--valid-days '1099' is not", "--key", "@key.pem", "--valid-days", "1099", "@")]
    [InlineData(2, "--minimum 'istio=1' is not", "--key", "@key.pem", "--minimum", "istio=1", "@")]
    [InlineData(2, "--minimum is given twice for smm-agent", "--key", "@key.pem", "--minimum", "smm-agent=1", "--minimum", "smm-agent=2",
        "@")]
    [InlineData(2, "has no PEM block", "--key", "@empty", "@")]
    [InlineData(1, "key.pem': the file exists, and a key is never overwritten", "--new-key", "@key.pem")]
    [InlineData(1, "missing': no such file or directory; name a key", "--key", "@missing", "@")]
    [InlineData(1, "contains no package named smm-agent_VERSION", "--key", "@key.pem", "@")]
    public void ErrorIsOneLine(int exitCode, string reason, params string[] arguments)
    {
        Run("--new-key", At("key.pem"));
        Put("empty", "");

        var run = Run([.. arguments.Select(argument => argument.StartsWith('@') ? At(argument[1..]) : argument)]);

        Assert.Equal(exitCode, run.ExitCode);
        Assert.Contains(reason, run.Error, StringComparison.Ordinal);
        Assert.Equal(
            exitCode == 2 ? ["see: smm-dashboard sign-packages --help"] : [], run.Error.TrimEnd('\n').Split('\n')[1..]);
    }

    public void Dispose() => _folder.Delete(recursive: true);

    private static class Files
    {
        public const string Keys = "package-keys";
    }

    private string At(string name) => Path.Combine(_folder.FullName, name);

    private void Put(string name, string text) => File.WriteAllText(At(name), text);

    private static PackageKey Key(string text) =>
        PackageKey.TryParse(text, out var key, out var reason) ? key : throw new InvalidOperationException(reason);

    private static string Sha256(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));

    private static (int ExitCode, string Output, string Error) Run(params string[] arguments)
    {
        using var output = new StringWriter();
        using var error = new StringWriter();
        new CommandLine().Parse(["sign-packages", .. arguments], error, out var exitCode, output);
        return (exitCode, output.ToString(), error.ToString());
    }

    private static void Openssl(params string[] arguments)
    {
        using var process = System.Diagnostics.Process.Start(
            new System.Diagnostics.ProcessStartInfo("openssl", arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var (output, error) = (process.StandardOutput.ReadToEnd(), process.StandardError.ReadToEnd());
        process.WaitForExit();
        Assert.True(process.ExitCode == 0, output + error);
    }
}
