namespace SmmAgent.PackageTests;

public class MetadataTests
{
    [Theory, InlineData("amd64"), InlineData("arm64")]
    public async Task DebDependsOnThePackagesThatTheAgentUses(string architecture)
    {
        Tool.Needs("dpkg-deb");
        Assert.Equal(
            "libc6 (>= 2.28), libssl3t64 | libssl3 | libssl1.1, systemd | systemd-standalone-sysusers | systemd-sysusers, "
            + "systemd | systemd-standalone-tmpfiles | systemd-tmpfiles, curl, iptables, sudo, hostname (>= 3)\n",
            await Tool.OutputAsync("dpkg-deb", "--field", Packages.Deb(architecture), "Depends"));
        Assert.Equal($"{architecture}\n", await Tool.OutputAsync("dpkg-deb", "--field", Packages.Deb(architecture), "Architecture"));
    }

    [Theory, InlineData("amd64"), InlineData("arm64")]
    public async Task RpmRequiresThePackagesThatTheAgentUses(string architecture)
    {
        Tool.Needs("rpm");
        var package = Packages.Rpm(architecture);
        var required = (await Tool.OutputAsync("rpm", "-qp", "--requires", package)).Split('\n', StringSplitOptions.RemoveEmptyEntries)
            // Requirements of the C library and of rpm itself, which rpmbuild adds.
            .Where(name => !name.Contains(".so", StringComparison.Ordinal) && !name.StartsWith("rpmlib(", StringComparison.Ordinal)
                && !name.StartsWith("rtld(", StringComparison.Ordinal))
            .Distinct().Order(StringComparer.Ordinal);
        Assert.Equal(
            [
                "(openssl-libs or libopenssl3 or libopenssl1_1)",
                "(shadow-utils or shadow)",
                "/bin/sh",
                "coreutils",
                "curl",
                "findutils",
                "hostname",
                "iptables",
                "sudo",
                "systemd",
            ],
            required);
        Assert.Equal(Packages.RpmName(architecture), await Tool.OutputAsync("rpm", "-qp", "--queryformat", "%{ARCH}", package));
        // RHEL 8 reads no zstd.
        Assert.Equal("xz", await Tool.OutputAsync("rpm", "-qp", "--queryformat", "%{PAYLOADCOMPRESSOR}", package));
    }

    // Optional packages.
    [Theory, InlineData("amd64"), InlineData("arm64")]
    public async Task BothFormatsRecommendTheSame(string architecture)
    {
        Tool.Needs("dpkg-deb", "rpm");
        const string recommended = "ca-certificates, logrotate, nftables";
        Assert.Equal($"{recommended}\n", await Tool.OutputAsync("dpkg-deb", "--field", Packages.Deb(architecture), "Recommends"));
        Assert.Equal(
            recommended.Split(", "), (await Tool.OutputAsync("rpm", "-qp", "--recommends", Packages.Rpm(architecture)))
                .Split('\n', StringSplitOptions.RemoveEmptyEntries));
    }

    [Fact]
    public async Task VersionIsTheSameEverywhere()
    {
        Tool.Needs("dpkg-deb", "rpm", "zcat");
        foreach (var architecture in (string[])["amd64", "arm64"])
        {
            Assert.Equal($"{Repository.Version}\n", await Tool.OutputAsync("dpkg-deb", "--field", Packages.Deb(architecture), "Version"));
            Assert.Equal($"{Repository.Version}-1",
                await Tool.OutputAsync("rpm", "-qp", "--queryformat", "%{VERSION}-%{RELEASE}", Packages.Rpm(architecture)));
        }

        using var folder = new TemporaryFolder();
        var binary = await Packages.UnpackedBinaryAsync(Packages.HostArchitecture, folder);
        Assert.Equal($"smm-agent {Repository.Version}\n", await Tool.OutputAsync(binary, "version"));
        Assert.StartsWith($"smm-agent ({Repository.Version}) ",
            await Tool.OutputAsync("zcat", Path.Combine(folder.Root, "usr/share/doc/smm-agent/changelog.gz")), StringComparison.Ordinal);
        Assert.EndsWith($" - {Repository.Version}-1",
            (await Tool.OutputAsync("rpm", "-qp", "--changelog", Packages.Rpm("amd64"))).Split('\n')[0], StringComparison.Ordinal);
    }
}
