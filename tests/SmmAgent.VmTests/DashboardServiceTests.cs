using SmmAgent.Testbed;

namespace SmmAgent.VmTests;

/// <summary>The deb of the dashboard: its hardened service on a booted system, in the embedded mode.</summary>
public sealed class DashboardServiceTests(VmFixture fixture) : IClassFixture<VmFixture>
{
    private static readonly string Folder = Path.Combine(Programs.Artifacts, "dashboard");

    [Fact]
    public async Task ServiceShowsItsMachinesAndRefusesAnInvalidMeshDescription()
    {
        Assert.SkipUnless(Directory.Exists(Folder), $"needs {Folder}: ./build.sh package-dashboard");
        await using var vm = await fixture.BootBareAsync();
        vm.RunAtMost(
            BootedVm.InstallPatience, "dpkg", "-i",
            fixture.Testbed.CopyToVm(Directory.EnumerateFiles(Folder, $"*_{AgentPackage.Architecture.Deb}.deb").Single()));
        Assert.False(vm.IsActive("smm-dashboard.service"));
        Assert.Equal("root:smm-dashboard:750", vm.Run("stat", "-c", "%U:%G:%a", "/etc/smm-dashboard").Trim());

        // Without a mesh description the condition of the unit does not hold.
        vm.Run("systemctl", "start", "smm-dashboard");
        Assert.False(vm.IsActive("smm-dashboard.service"));

        vm.Run("install", "-g", "smm-dashboard", "-m", "0640", fixture.Testbed.CopyToVm(fixture.Testbed.Mesh.FilePath),
            "/etc/smm-dashboard/mesh.yaml");
        var (exitCode, output) = vm.Try("systemctl", "enable", "--now", "smm-dashboard");
        Assert.True(exitCode == 0, output + JournalOf(vm));
        await vm.UntilAsync(
            () => vm.Try("smm-dashboard", "machines") is (0, "no machines\n"), "the admin listener answers",
            lastSeen: () => JournalOf(vm));
        Assert.Equal("smm-dashboard", vm.Run("stat", "-c", "%U", "/var/lib/smm-dashboard").Trim());

        vm.Run("sed", "-i", "s/^publicUrl:.*/publicUrl: 1/", "/etc/smm-dashboard/mesh.yaml");
        Assert.NotEqual(0, vm.Try("systemctl", "restart", "smm-dashboard").ExitCode);
        Assert.Contains(
            "/etc/smm-dashboard/mesh.yaml:1: publicUrl:", JournalOf(vm), StringComparison.Ordinal);

        vm.RunAtMost(BootedVm.InstallPatience, "dpkg", "--purge", "smm-dashboard");
        foreach (var path in (string[])["/etc/smm-dashboard", "/var/lib/smm-dashboard", "/etc/default/smm-dashboard"])
            Assert.NotEqual(0, vm.Try("test", "-e", path).ExitCode);
    }

    private static string JournalOf(BootedVm vm) => vm.Try("journalctl", "--no-pager", "-u", "smm-dashboard").Output;
}
