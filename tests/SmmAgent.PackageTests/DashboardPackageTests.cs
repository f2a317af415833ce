using System.Text.RegularExpressions;

namespace SmmAgent.PackageTests;

/// <summary>The deb of the dashboard: <c>./build.sh package-dashboard</c>.</summary>
public sealed partial class DashboardPackageTests
{
    private static readonly string Deb = Path.Combine(
        Repository.Artifacts, "dashboard", $"smm-dashboard_{Repository.Version}_{Packages.HostArchitecture}.deb");

    [Fact]
    public async Task PackageHasTheProgramItsUnitAndItsConfiguration()
    {
        RequireDeb();
        var contents = await Tool.OutputAsync("dpkg-deb", "-c", Deb);
        foreach (var path in (string[])[
            "./usr/lib/smm-dashboard/smm-dashboard", "./usr/bin/smm-dashboard -> ../lib/smm-dashboard/smm-dashboard",
            "./usr/lib/systemd/system/smm-dashboard.service", "./usr/lib/sysusers.d/smm-dashboard.conf", "./etc/default/smm-dashboard",
            "./usr/share/man/man8/smm-dashboard.8.gz", "./usr/share/doc/smm-dashboard/copyright",
            "./usr/share/doc/smm-dashboard/mesh.yaml.example",
        ])
            Assert.Contains($" {path}\n", contents, StringComparison.Ordinal);
        Assert.Contains("drwxr-x--- root/root", contents, StringComparison.Ordinal); // etc/smm-dashboard, whose files may be keys
        Assert.DoesNotContain("createdump", contents, StringComparison.Ordinal);
        Assert.DoesNotMatch("-[rwx-]*s[rwx-]* ", contents);
        Assert.Equal("/etc/default/smm-dashboard", (await Tool.OutputAsync("dpkg-deb", "-I", Deb, "conffiles")).Trim());
    }

    [Fact]
    public async Task ProgramOfThePackageRunsAndReportsTheFaultsOfTheExample()
    {
        RequireDeb();
        using var folder = new TemporaryFolder();
        await Tool.OutputAsync("dpkg-deb", "-x", Deb, folder.Root);
        var program = Path.Combine(folder.Root, "usr/lib/smm-dashboard/smm-dashboard");
        Assert.Equal(Repository.Version, (await Tool.OutputAsync(program, "--version")).Trim());

        var example = Path.Combine(folder.Root, "usr/share/doc/smm-dashboard/mesh.yaml.example");
        var (exitCode, output, _) = await Tool.RunAsync([program, "check", "--mesh", example]);
        Assert.Equal(1, exitCode);
        Assert.Matches($@"^✗ {Regex.Escape(example)}:\d+: mesh\.rootCertificate: [^\n]+\n1 failed, 0 warnings\n$", output);
    }

    [Fact]
    public async Task ServiceIsHardened()
    {
        Tool.Needs("systemd-analyze");
        var unit = Repository.PathOf("packaging", "dashboard", "smm-dashboard.service");
        var (_, output, error) = await Tool.RunAsync(["systemd-analyze", "security", "--offline=true", unit]);
        var exposure = Exposure().Match(output);
        Assert.True(exposure.Success, output + error);
        Assert.Equal("1.6", exposure.Groups["level"].Value);
    }

    [Fact]
    public async Task ManualPageIsValidAndNamesEveryCommand()
    {
        Tool.Needs("mandoc");
        var page = Repository.PathOf("packaging", "dashboard", "smm-dashboard.8");
        var (_, warnings, _) = await Tool.RunAsync(["mandoc", "-Tlint", "-Wwarning", page]);
        Assert.Equal("", warnings);
        var text = await File.ReadAllTextAsync(page, TestContext.Current.CancellationToken);
        foreach (var name in (string[])[".It Cm check", ".It Cm machines", ".It Cm sign-packages", ".It Fl -admin", ".It Fl -log-level"])
            Assert.Contains($"\n{name}", text, StringComparison.Ordinal);
    }

    private static void RequireDeb() => Assert.SkipUnless(File.Exists(Deb), $"needs {Deb}: ./build.sh package-dashboard");

    [GeneratedRegex(@"Overall exposure level for smm-dashboard\.service: (?<level>[0-9.]+)")]
    private static partial Regex Exposure();
}
