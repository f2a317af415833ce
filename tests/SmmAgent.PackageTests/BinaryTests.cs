using System.Text.RegularExpressions;

namespace SmmAgent.PackageTests;

public partial class BinaryTests
{
    // RHEL 8's; Ubuntu 20.04 has 2.31.
    private static readonly Version OldestSupported = new(2, 28);

    [Theory, InlineData("amd64"), InlineData("arm64")]
    public async Task BinaryNeedsNoNewerCLibraryThanTheOldestSupported(string architecture)
    {
        Tool.Needs("dpkg-deb", "objdump");
        using var folder = new TemporaryFolder();
        var symbols = await Tool.OutputAsync("objdump", "-T", await Packages.UnpackedBinaryAsync(architecture, folder));

        var versions = GlibcVersion().Matches(symbols).Select(match => System.Version.Parse(match.Groups[1].Value)).ToArray();
        Assert.NotEmpty(versions);
        Assert.True(versions.Max() <= OldestSupported, $"needs GLIBC_{versions.Max()}");
    }

    [Fact]
    public async Task BinaryStartsWithAnOldCLibrary()
    {
        Tool.Needs("dpkg-deb");
        var (triple, loader) = Packages.HostArchitecture == "arm64"
            ? ("aarch64-linux-gnu", "lib/ld-linux-aarch64.so.1") : ("x86_64-linux-gnu", "lib64/ld-linux-x86-64.so.2");
        var sysroot = Repository.Sysroot(Packages.HostArchitecture);
        using var folder = new TemporaryFolder();
        var binary = await Packages.UnpackedBinaryAsync(Packages.HostArchitecture, folder);

        Assert.Equal($"smm-agent {Repository.Version}\n",
            await Tool.OutputAsync(
                Path.Combine(sysroot, loader), "--library-path", Path.Combine(sysroot, "lib", triple), binary, "version"));
    }

    [Fact]
    public async Task BinaryForArm64Runs()
    {
        Tool.Needs("dpkg-deb", "qemu-aarch64-static");
        using var folder = new TemporaryFolder();
        var binary = await Packages.UnpackedBinaryAsync("arm64", folder);

        Assert.Equal($"smm-agent {Repository.Version}\n",
            await Tool.OutputAsync("qemu-aarch64-static", "-L", Repository.Sysroot("arm64"), binary, "version"));
        Assert.Contains("workload-group",
            await Tool.OutputAsync("qemu-aarch64-static", "-L", Repository.Sysroot("arm64"), binary, "set", "--help"),
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task ShippedBinaryIsTheTestedBinary()
    {
        Tool.Needs("dpkg-deb", "cmp");
        using var folder = new TemporaryFolder();
        await Tool.OutputAsync("cmp", Path.Combine(Packages.Published(Packages.HostArchitecture), "smm-agent"),
            await Packages.UnpackedBinaryAsync(Packages.HostArchitecture, folder));
    }

    [GeneratedRegex(@"GLIBC_(\d+\.\d+)")]
    private static partial Regex GlibcVersion();
}
