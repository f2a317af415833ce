using SmmAgent.Contract;
using SmmAgent.Core.Sidecar.Configuration;

namespace SmmAgent.VmTests;

/// <summary>A VM that was cloned from another one, with its disk, is a member of the mesh under its own identity.</summary>
public sealed class CopyTests(SidecarVmFixture fixture) : IClassFixture<SidecarVmFixture>
{
    private const string Settings = "/etc/smm/agent.yaml";
    private const string DaemonIdentity = "/var/lib/smm-agent/identity.json";
    private const string RootIdentity = "/var/lib/smm-agent-host/identity.json";

    private static readonly TimeSpan Minutes = TimeSpan.FromMinutes(2);

    [Fact]
    public async Task CopiedVmGetsItsOwnUuidAndKeyAndKeepsNothingOfTheOriginalRegistration()
    {
        VmDisk disk;
        Guid original;
        string machine;
        Dictionary<string, string> secrets;
        int starts, registrations;
        await using (var vm = await fixture.BootMemberAsync())
        {
            await vm.UntilAsync(
                () => vm.Try("ls", SidecarFiles.Certificate, SidecarFiles.Key).ExitCode == 0, "the sidecar keeps a certificate");
            await vm.UntilConditionAsync("Registered", "True ", Minutes);
            (original, machine) = (UuidOf(vm), vm.Run("cat", "/etc/machine-id").Trim());
            secrets = Secrets(vm);
            var sidecar = new StandInSidecar(fixture.Testbed, vm);
            (starts, registrations) = (sidecar.Starts.Length, sidecar.Labels.Length);
            Assert.Contains($"{original}", sidecar.Labels[^1], StringComparison.Ordinal);
            disk = await vm.PowerOffAsync();
        }

        using var template = disk;
        var before = fixture.Testbed.Reports();
        await using var copy = await fixture.BootCopyAsync(disk, machineId: "0123456789abcdef0123456789abcdef");

        await copy.UntilConditionAsync("Registered", "True ", Minutes);
        await copy.UntilConditionAsync("ReachableFromCluster", "True ", Minutes);
        var own = UuidOf(copy);
        Assert.NotEqual(original, own);
        Assert.All(Secrets(copy), secret => Assert.NotEqual(secrets[secret.Key], secret.Value));
        // The records that prevent a return of the other uuid; the stand-in of the sidecar writes the other files for the tests.
        Assert.Equal(
            [RootIdentity, DaemonIdentity],
            copy.Try("grep", "-rlI", "--exclude-dir=stand-in", $"{original}", "/etc", "/var/lib", "/run/smm-agent",
                "/run/secrets").Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Order());
        Assert.Contains($"{own}", copy.Run("cat", SidecarFiles.ClusterEnvironment), StringComparison.Ordinal);
        // The sidecar was started once, and never with the other uuid.
        await copy.UntilConditionAsync("SidecarCurrent", "True Current", Minutes);
        var copied = new StandInSidecar(fixture.Testbed, copy);
        Assert.Equal(starts + 1, copied.Starts.Length);
        Assert.NotEmpty(copied.Labels[registrations..]);
        Assert.All(copied.Labels[registrations..], labels => Assert.Contains(
            $"\"{EntryLabels.Uuid}\":\"{own}\"", labels.Replace(" ", "", StringComparison.Ordinal), StringComparison.Ordinal));

        Assert.Equal(
            [$"✓ this VM is a copy of another machine (/etc/machine-id differs), new uuid is generated uuid={own} replaced={original}"],
            Journal(copy, "smm-agent-reconcile").Where(line => line.Contains("copy of another machine", StringComparison.Ordinal)));
        Assert.Equal(
            [$"Replaced {DaemonIdentity}: it is another machine's: this VM is a copy, so it gets a uuid and a key of its own"],
            Journal(copy, "smm-agent").Where(line => line.StartsWith("Replaced ", StringComparison.Ordinal)));

        var reports = fixture.Testbed.Reports();
        Assert.Equal([own], reports.Keys.Except(before.Keys));
        Assert.Equal(before[original], reports[original]);

        // The next boot changes nothing.
        await copy.RebootAsync();
        await copy.UntilConditionAsync("Registered", "True ", Minutes);
        Assert.Equal(own, UuidOf(copy));
        Assert.Equal(reports.Keys.Order(), fixture.Testbed.Reports().Keys.Order());
    }

    [Fact]
    public async Task ChangedMachineIdOfAMemberIsPlannedByTheDryRunAndAppliedByReconcile()
    {
        await using var vm = await fixture.BootMemberAsync();
        await vm.UntilAsync(
            () => vm.Try("ls", SidecarFiles.Certificate, SidecarFiles.Key).ExitCode == 0, "the sidecar keeps a certificate");
        await vm.UntilConditionAsync("Registered", "True ", Minutes);
        var (original, before) = (UuidOf(vm), Secrets(vm));
        // The daemon also observes the change and requests a privileged reconcile, which must wait for the dry run.
        vm.Run("systemctl", "stop", "smm-agent-reconcile.path");
        vm.RunLine("tr -d - </proc/sys/kernel/random/uuid | sudo tee /etc/machine-id");

        var plan = vm.Run("smm-agent", "reconcile", "--dry-run");

        Assert.Contains(
            $"❯ would generate a new uuid: this VM is a copy of another machine (/etc/machine-id differs), whose uuid is {original}\n",
            plan, StringComparison.Ordinal);
        Assert.Contains(
            "❯ would remove the sidecar's token, certificate and key, which belong to the other machine\n", plan, StringComparison.Ordinal);
        Assert.Contains($"write {SidecarFiles.ClusterEnvironment} (", plan, StringComparison.Ordinal);
        Assert.DoesNotContain("nothing to do", plan, StringComparison.Ordinal);
        Assert.Equal(original, UuidOf(vm));
        Assert.Equal(before[SidecarFiles.Certificate], vm.Run("cat", SidecarFiles.Certificate));

        var output = vm.RunAtMost(BootedVm.InstallPatience, "smm-agent", "reconcile");

        var own = UuidOf(vm);
        Assert.Contains($"new uuid is generated uuid={own} replaced={original}\n", output, StringComparison.Ordinal);
        Assert.All(Secrets(vm).Where(secret => secret.Key != SidecarFiles.Key && secret.Key != SidecarFiles.Certificate), secret =>
            Assert.NotEqual(before[secret.Key], secret.Value));
        // The running sidecar is registered with the other uuid until it is restarted; the operator chooses the time.
        await vm.UntilConditionAsync("SidecarCurrent", "False RestartNeeded", Minutes);
        Assert.NotEqual(0, vm.Try("ls", SidecarFiles.Certificate).ExitCode);
        vm.Run("systemctl", "restart", "istio");
        await vm.UntilConditionAsync("SidecarCurrent", "True Current", Minutes);
        await vm.UntilConditionAsync("Registered", "True ", Minutes);
        await vm.UntilAsync(() => vm.Try("ls", SidecarFiles.Certificate).ExitCode == 0, "the sidecar has a new certificate");
        Assert.NotEqual(before[SidecarFiles.Certificate], vm.Run("cat", SidecarFiles.Certificate));
    }

    private static Dictionary<string, string> Secrets(BootedVm vm) =>
        ((string[])[DaemonIdentity, SidecarFiles.Certificate, SidecarFiles.Key, SidecarFiles.Token, "/var/lib/smm-agent-host/istio-token"])
        .ToDictionary(path => path, path => vm.Try("cat", path).Output);

    internal static Guid UuidOf(BootedVm vm) => Guid.Parse(vm.Run("sed", "-n", "s/^uuid: *//p", Settings).Trim());

    // Of this machine only: the journal of the other one was also copied.
    internal static string[] Journal(BootedVm vm, string unit) =>
        vm.Run("journalctl", "--no-pager", "-o", "cat", "-b", "-u", unit).Split('\n');
}
