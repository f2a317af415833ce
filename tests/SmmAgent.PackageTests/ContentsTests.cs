namespace SmmAgent.PackageTests;

public class ContentsTests
{
    private const string Common = """
        drwxr-x--- root/GROUP /etc/smm
        -rwxr-xr-x root/root /usr/bin/smm-agent
        -rw-r--r-- root/root /usr/lib/systemd/system/smm-agent-reconcile-request.service
        -rw-r--r-- root/root /usr/lib/systemd/system/smm-agent-reconcile.path
        -rw-r--r-- root/root /usr/lib/systemd/system/smm-agent-reconcile.service
        -rw-r--r-- root/root /usr/lib/systemd/system/smm-agent-sidecar-logs.service
        -rw-r--r-- root/root /usr/lib/systemd/system/smm-agent-sidecar-logs.timer
        -rw-r--r-- root/root /usr/lib/systemd/system/smm-agent.service
        -rw-r--r-- root/root /usr/lib/sysusers.d/smm-agent.conf
        -rw-r--r-- root/root /usr/lib/tmpfiles.d/smm-agent.conf
        -rwxr-xr-x root/root /usr/libexec/smm-agent/rotate-sidecar-logs
        -rw-r--r-- root/root /usr/share/bash-completion/completions/smm-agent
        -rw-r--r-- root/root /usr/share/dbus-1/system.d/io.smm_agent.Agent.conf
        -rw-r--r-- root/root /usr/share/doc/smm-agent/THIRD-PARTY-NOTICES.gz
        -rw-r--r-- root/root /usr/share/doc/smm-agent/agent.yaml.example
        -rw-r--r-- root/root /usr/share/doc/smm-agent/copyright
        -rw-r--r-- root/root /usr/share/fish/vendor_completions.d/smm-agent.fish
        -rw-r--r-- root/root /usr/share/man/man5/smm-agent.yaml.5.gz
        -rw-r--r-- root/root /usr/share/man/man8/smm-agent.8.gz
        -rw-r--r-- root/root /usr/share/smm-agent/istio.logrotate
        """;

    private const string DebOnly = """
        -rw-r--r-- root/root /usr/share/doc/smm-agent/changelog.gz
        -rw-r--r-- root/root /usr/share/lintian/overrides/smm-agent
        -rw-r--r-- root/root /usr/share/zsh/vendor-completions/_smm-agent
        """;

    private const string RpmOnly = """
        drwxr-xr-x root/root /usr/libexec/smm-agent
        drwxr-xr-x root/root /usr/share/bash-completion
        drwxr-xr-x root/root /usr/share/bash-completion/completions
        drwxr-xr-x root/root /usr/share/dbus-1
        drwxr-xr-x root/root /usr/share/dbus-1/system.d
        drwxr-xr-x root/root /usr/share/doc/smm-agent
        drwxr-xr-x root/root /usr/share/fish
        drwxr-xr-x root/root /usr/share/fish/vendor_completions.d
        drwxr-xr-x root/root /usr/share/smm-agent
        drwxr-xr-x root/root /usr/share/zsh
        drwxr-xr-x root/root /usr/share/zsh/site-functions
        -rw-r--r-- root/root /usr/share/zsh/site-functions/_smm-agent
        """;

    [Theory, InlineData("amd64"), InlineData("arm64")]
    public async Task DebHasTheseFilesWithTheirOwnersAndModes(string architecture)
    {
        Tool.Needs("dpkg-deb", "tar");
        var deb = Packages.Deb(architecture);

        // A folder that other packages also have is listed only if it belongs to this package.
        var listed = (await Tool.OutputAsync("dpkg-deb", "--contents", deb)).Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries))
            .Select(fields => (Mode: fields[0], Owner: fields[1], Path: fields[5].TrimStart('.').TrimEnd('/')))
            .ToArray();

        // The group does not exist when the deb is unpacked: postinst changes the group of the folder.
        Assert.Equal(Sorted(Common.Replace("GROUP", "root", StringComparison.Ordinal), DebOnly),
            Sorted([.. listed.Where(file => !file.Mode.StartsWith('d') || file.Path == "/etc/smm")
                .Select(file => $"{file.Mode} {file.Owner} {file.Path}")]));
        Assert.All(listed.Where(file => file.Mode.StartsWith('d') && file.Path != "/etc/smm"), file =>
            Assert.Equal("drwxr-xr-x root/root", $"{file.Mode} {file.Owner}"));
    }

    [Theory, InlineData("amd64"), InlineData("arm64")]
    public async Task RpmHasTheSameFilesWithTheGroup(string architecture)
    {
        Tool.Needs("rpm");
        var listed = await Tool.OutputAsync(
            "rpm", "-qp", "--queryformat", "[%{FILEMODES:perms} %{FILEUSERNAME}/%{FILEGROUPNAME} %{FILENAMES}\n]",
            Packages.Rpm(architecture));

        Assert.Equal(Sorted(Common.Replace("GROUP", "smm-agent", StringComparison.Ordinal), RpmOnly), Sorted(listed));
    }

    [Fact]
    public async Task BothFormatsHaveTheSameFiles()
    {
        Tool.Needs("dpkg-deb", "rpm", "md5sum");
        using var folder = new TemporaryFolder();
        await Tool.OutputAsync("dpkg-deb", "-x", Packages.Deb("amd64"), folder.Root);
        // SHA-256 (%{FILEDIGESTALGO} 8) of each file, as the rpm records it.
        var rpm = await Tool.OutputAsync("rpm", "-qp", "--queryformat", "[%{FILEDIGESTS} %{FILENAMES}\n]", Packages.Rpm("amd64"));
        var files = rpm.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => line.Split(' '))
            .Where(fields => fields[0].Length > 0).ToArray();

        Assert.NotEmpty(files);
        foreach (var fields in files)
        {
            var path = fields[1].Replace("site-functions", "vendor-completions", StringComparison.Ordinal);
            Assert.Equal(
                fields[0], Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(File.ReadAllBytes(folder.Root + path))));
        }
    }

    [Fact]
    public async Task FolderHasOnlyThePackagesAndTheirChecksums()
    {
        Tool.Needs("sha256sum");
        string[] packages = [.. Architectures.SelectMany(
            architecture => (string[])[Packages.Deb(architecture), Packages.Rpm(architecture), Packages.Bom(architecture)])];

        Assert.Equal([.. packages.Append(Path.Combine(Packages.Folder, "SHA256SUMS")).Order(StringComparer.Ordinal)],
            Directory.EnumerateFileSystemEntries(Packages.Folder).Order(StringComparer.Ordinal));
        var said = await Tool.OutputAsync(["sha256sum", "--check", "--strict", "SHA256SUMS"], environment: null, Packages.Folder);
        Assert.Equal(Sorted([.. packages.Select(package => $"{Path.GetFileName(package)}: OK")]), Sorted(said));
    }

    private static string[] Architectures => ["amd64", "arm64"];

    private static string[] Sorted(params string[] texts) =>
        [.. texts.SelectMany(text => text.Split('\n', StringSplitOptions.RemoveEmptyEntries)).Order(StringComparer.Ordinal)];
}
