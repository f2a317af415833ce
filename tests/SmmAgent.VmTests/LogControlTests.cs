namespace SmmAgent.VmTests;

/// <summary><c>systemctl service-log-level</c>: the log level changes while the daemon runs.</summary>
public sealed class LogControlTests(VmFixture fixture) : IClassFixture<VmFixture>
{
    private const string Unit = "smm-agent.service";

    [Theory]
    [MemberData(nameof(Distribution.Debians), MemberType = typeof(Distribution))]
    public async Task LevelChangesWithoutARestartAndOnlyForRoot(string distribution)
    {
        await using var vm = await fixture.BootAttachedAsync(distribution);
        var process = vm.Property(Unit, "MainPID");
        await vm.UntilAsync(() => Level(vm) == "info", "the daemon has the name on the bus", lastSeen: () => Last(vm));
        Assert.Equal("journal", vm.Run("systemctl", "service-log-target", Unit).Trim());
        Assert.Equal("smm-agent", vm.Run(
            "busctl", "get-property", "io.smm_agent.Agent", "/org/freedesktop/LogControl1", "org.freedesktop.LogControl1",
            "SyslogIdentifier").Trim()[2..].Trim('"'));
        Assert.DoesNotContain("[dbus.socket]", vm.Property(Unit, "Requires"), StringComparison.Ordinal);

        vm.Run("systemctl", "service-log-level", Unit, "debug");
        Assert.Equal("debug", Level(vm));
        vm.Run("systemctl", "service-log-level", Unit, "err");
        Assert.Equal("err", Level(vm));

        // Each change is in the journal, also that to a level which the message does not reach.
        await vm.UntilAsync(
            () => vm.Run("journalctl", "--no-pager", "-o", "cat", "-p", "notice", "-u", Unit, "SMM_EVENT_ID=9004").TrimEnd()
                == "The log level is debug until the next start (was info)\nThe log level is err until the next start (was debug)",
            "both changes are in the journal");
        Assert.NotEqual(0, vm.Try("systemctl", "service-log-level", Unit, "loud").ExitCode);
        Assert.NotEqual(0, vm.Try("systemctl", "service-log-target", Unit, "kmsg").ExitCode);
        var (exitCode, output) = vm.Try(
            "runuser", "-u", "nobody", "--", "busctl", "set-property", "io.smm_agent.Agent", "/org/freedesktop/LogControl1",
            "org.freedesktop.LogControl1", "LogLevel", "s", "debug");
        Assert.NotEqual(0, exitCode);
        Assert.Contains("denied", output, StringComparison.OrdinalIgnoreCase);
        Assert.Equal("err", Level(vm));

        // The bus may restart. The level remains, because the daemon does.
        vm.Run("systemctl", "restart", "dbus.service");
        await vm.UntilAsync(() => Level(vm) == "err", "the daemon has the name on the new bus", lastSeen: () => Last(vm));
        Assert.Equal(process, vm.Property(Unit, "MainPID"));

        vm.Run("systemctl", "restart", Unit);
        await vm.UntilAsync(() => Level(vm) == "info", "the level is the default again after a start", lastSeen: () => Last(vm));
    }

    [Fact]
    public async Task DaemonWorksWithoutABus()
    {
        await using var vm = await fixture.BootAttachedAsync();
        vm.Run("systemctl", "stop", Unit);
        vm.Run("systemctl", "stop", "dbus.socket", "dbus.service");
        vm.Run("systemctl", "mask", "--runtime", "dbus.socket", "dbus.service");

        vm.Run("systemctl", "start", Unit);

        await vm.UntilStatusAsync(BootedVm.Attached);
        Assert.Equal("", vm.Run("journalctl", "--no-pager", "-o", "cat", "-p", "err", "-u", Unit).Trim());
    }

    private static string Level(BootedVm vm) => vm.Try("systemctl", "service-log-level", Unit).Output.Trim();

    private static string Last(BootedVm vm) => $"{Level(vm)}\n{vm.Journal()}";
}
