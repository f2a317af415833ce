namespace SmmAgent.PackageTests.SupplyChain;

/// <summary>packaging/sign-repository.sh with a temporary key: apt and rpm verify the signatures.</summary>
public sealed class RepositorySignatureTests
{
    [Fact]
    public async Task AptAndRpmAcceptSignedRepositoriesAndRefuseChangedOnes()
    {
        Tool.Needs("gpg", "gpg-agent", "apt-ftparchive", "apt-get", "rpmsign", "rpmkeys");
        using var folder = new TemporaryFolder();
        var home = Directory.CreateDirectory(
            Path.Combine(folder.Root, "g"), UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute).FullName;
        var environment = new Dictionary<string, string> { ["GNUPGHOME"] = home };
        var repository = Directory.CreateDirectory(Path.Combine(folder.Root, "repository")).FullName;
        foreach (var file in (string[])[Packages.Deb("amd64"), Packages.Rpm("amd64")])
            File.Copy(file, Path.Combine(repository, Path.GetFileName(file)));
        var rpm = Path.Combine(repository, Path.GetFileName(Packages.Rpm("amd64")));
        try
        {
            await RunAsync(
                "gpg", "--batch", "--passphrase", "", "--quick-generate-key", "test <test@example.com>", "rsa3072", "sign", "1d");
            var key = (await RunAsync("gpg", "--list-keys", "--with-colons")).Split('\n')
                .First(line => line.StartsWith("fpr:", StringComparison.Ordinal)).Split(':')[9];
            await RunAsync(Path.Combine(Repository.Root, "packaging/sign-repository.sh"), key, repository);

            var public_ = Path.Combine(folder.Root, "key.asc");
            await RunAsync("gpg", "--armor", "--output", public_, "--export", key);
            await RunAsync("gpg", "--verify", Path.Combine(repository, "Release.gpg"), Path.Combine(repository, "Release"));
            Assert.Equal(0, (await AptAsync(folder, repository, public_)).ExitCode);

            // apt verifies the signature of the index, and then the checksums in it.
            var release = Path.Combine(repository, "InRelease");
            var signed = await File.ReadAllTextAsync(release, TestContext.Current.CancellationToken);
            await File.WriteAllTextAsync(
                release, signed.Replace("SHA256:\n ", "SHA256:\n 0", StringComparison.Ordinal), TestContext.Current.CancellationToken);
            var changed = await AptAsync(folder, repository, public_);
            Assert.NotEqual(0, changed.ExitCode);
            Assert.Contains("InRelease", changed.Error, StringComparison.Ordinal);
            await File.WriteAllTextAsync(release, signed, TestContext.Current.CancellationToken);
            await File.AppendAllTextAsync(Path.Combine(repository, "Packages"), "\n", TestContext.Current.CancellationToken);
            Assert.NotEqual(0, (await AptAsync(folder, repository, public_)).ExitCode);

            string[] database = ["--dbpath", Path.Combine(folder.Root, "rpm")];
            await RunAsync(["rpmkeys", .. database, "--import", public_]);
            Assert.Contains("signatures OK", await RunAsync(["rpmkeys", .. database, "--checksig", rpm]), StringComparison.Ordinal);
            await using (var file = new FileStream(rpm, FileMode.Open))
            {
                file.Position = file.Length - 1;
                var last = file.ReadByte();
                file.Position--;
                file.WriteByte((byte)(last ^ 1));
            }

            Assert.NotEqual(0, (await Tool.RunAsync(["rpmkeys", .. database, "--checksig", rpm], environment)).ExitCode);
        }
        finally
        {
            // The socket of gpg-agent is in the folder that is deleted.
            await Tool.RunAsync(["gpgconf", "--kill", "gpg-agent"], environment);
        }

        Task<string> RunAsync(params string[] command) => Tool.OutputAsync(command, environment, folder.Root);
    }

    private static async Task<(int ExitCode, string Output, string Error)> AptAsync(TemporaryFolder folder, string repository, string key)
    {
        var root = Path.Combine(folder.Root, "apt");
        if (Directory.Exists(root))
            Directory.Delete(root, recursive: true);
        foreach (var part in (string[])["etc/sources.list.d", "etc/preferences.d", "etc/apt.conf.d", "etc/trusted.gpg.d",
            "state/lists/partial", "cache/archives/partial"])
            Directory.CreateDirectory(Path.Combine(root, part));
        await File.WriteAllTextAsync(Path.Combine(root, "status"), "", TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(
            Path.Combine(root, "etc/sources.list"), $"deb [signed-by={key}] file:{repository} ./\n", TestContext.Current.CancellationToken);
        string[] options =
        [
            $"Dir::Etc={root}/etc", $"Dir::State={root}/state", $"Dir::State::status={root}/status", $"Dir::Cache={root}/cache",
            "APT::Sandbox::User=root", "APT::Update::Error-Mode=any",
        ];
        return await Tool.RunAsync(["apt-get", "-q", .. options.SelectMany(option => (string[])["-o", option]), "update"]);
    }
}
