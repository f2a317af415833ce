using System.Text.Json;

namespace SmmAgent.VmTests;

/// <summary>The samples below deploy, on one VM: the Ansible role, prepare-image and the commands of the cloud-init user data.</summary>
public sealed class AutomationTests(SidecarVmFixture fixture) : IClassFixture<SidecarVmFixture>
{
    private const string Unit = "smm-agent.service";

    [Fact]
    public async Task SamplesAttachAVmAndASecondRunChangesNothing()
    {
        Assert.SkipUnless(File.Exists("/usr/bin/ansible-playbook"), "needs ansible-core: ./build.sh test installs it");
        await using var vm = await fixture.BootBareAsync();
        await fixture.StartWorkloadsAsync();
        vm.Install("python3");

        var first = Play(vm);
        Assert.Contains("failed=0", first, StringComparison.Ordinal);
        await ExpectAttachedAsync(vm);
        // The address that the dashboard sees: the testbed has no other provider.
        Assert.Contains("\"source\": \"dashboard\"",
            vm.Run("cat", "/run/smm-agent/status.json").Replace("\":\"", "\": \"", StringComparison.Ordinal),
            StringComparison.Ordinal);
        Assert.DoesNotContain(fixture.Testbed.Mesh.Token, first, StringComparison.Ordinal);

        var second = Play(vm);
        Assert.Contains("changed=0", second, StringComparison.Ordinal);
        Assert.Contains("failed=0", second, StringComparison.Ordinal);

        Assert.Equal(1, vm.Try("smm-agent", "prepare-image").ExitCode);
        vm.Run("smm-agent", "detach");
        var uuid = Uuid(vm);
        Assert.NotEqual("", uuid);
        vm.Run("smm-agent", "prepare-image");
        Assert.Equal("", Uuid(vm));
        Assert.Equal("", vm.Run("find", "/var/lib/smm-agent", "/var/lib/smm-agent-host", "-type", "f"));

        RunUserData(vm);
        await ExpectAttachedAsync(vm);
        Assert.NotEqual(uuid, Uuid(vm));
        Assert.Equal("gone\n", vm.Run("sh", "-c", "[ -e /run/smm-agent-join ] || echo gone"));
    }

    private static string Uuid(BootedVm vm) => vm.Try("sed", "-n", "s/^uuid: *//p", "/etc/smm/agent.yaml").Output.Trim();

    private static async Task ExpectAttachedAsync(BootedVm vm)
    {
        await vm.UntilStatusAsync(BootedVm.Attached);
        Assert.Equal((true, true), (vm.IsActive(Unit), vm.IsEnabled(Unit)));
    }

    /// <summary>Runs the role as from another host: ssh is replaced by a program that enters the VM.</summary>
    private string Play(BootedVm vm)
    {
        var folder = Directory.CreateDirectory(Path.Combine(fixture.Testbed.Folder, "ansible")).FullName;
        var ssh = Path.Combine(folder, "ssh");
        var enter = string.Join(' ', vm.OnVm("sh", "-c").Select(word => $"'{word}'"));
        File.WriteAllText(ssh, $"#!/bin/sh\nfor last; do :; done\nexec {enter} \"export HOME=/root; $last\"\n");
        File.SetUnixFileMode(ssh, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        var configuration = Path.Combine(folder, "ansible.cfg");
        File.WriteAllText(configuration, "");
        var variables = Path.Combine(folder, "variables.json");
        File.WriteAllText(variables, JsonSerializer.Serialize(new Dictionary<string, string>
        {
            ["ansible_python_interpreter"] = "/usr/bin/python3",
            ["smm_agent_dashboard_url"] = fixture.Testbed.DashboardUrl,
            ["smm_agent_workload_group"] = "vm-integration/analytics-v0",
            ["smm_agent_token"] = fixture.Testbed.Mesh.Token,
            ["smm_agent_ca"] = File.ReadAllText(fixture.Testbed.DashboardAuthority!),
        }));
        var (exitCode, output) = Shell.Try(
            BootedVm.InstallPatience * 2,
            "env", "LC_ALL=C.UTF-8", $"HOME={folder}", $"ANSIBLE_CONFIG={configuration}", "ANSIBLE_NOCOLOR=1", "ANSIBLE_SSH_ARGS=",
            $"ANSIBLE_SSH_EXECUTABLE={ssh}", "ANSIBLE_SSH_TRANSFER_METHOD=piped", "ANSIBLE_PIPELINING=1",
            $"ANSIBLE_ROLES_PATH={Repository.PathOf("deploy", "ansible", "roles")}",
            "ansible-playbook", "-i", "vm,", "-e", $"@{variables}", Playbook(folder));
        Assert.True(exitCode == 0, output);
        return output;
    }

    // The sample names a group of hosts; the test has one host.
    private static string Playbook(string folder)
    {
        var path = Path.Combine(folder, "site.yml");
        File.WriteAllText(path, File.ReadAllText(Repository.PathOf("deploy", "ansible", "site.yml")).Replace("hosts: vms", "hosts: all",
            StringComparison.Ordinal));
        return path;
    }

    /// <summary>Does with the sample what cloud-init does: writes its files, then runs its commands.</summary>
    private void RunUserData(BootedVm vm)
    {
        var sample = File.ReadAllText(Repository.PathOf("deploy", "cloud-init", "user-data.yaml"));
        var commands = sample[sample.IndexOf("runcmd:\n  - |\n", StringComparison.Ordinal)..].Split('\n').Skip(2)
            .Select(line => line.Length > 4 ? line[4..] : "");
        var script = string.Join('\n', commands)
            .Replace("https://DASHBOARD", fixture.Testbed.DashboardUrl, StringComparison.Ordinal)
            .Replace("NAMESPACE/NAME", "vm-integration/analytics-v0", StringComparison.Ordinal);
        var token = Path.Combine(fixture.Testbed.Folder, "token");
        File.WriteAllText(token, fixture.Testbed.Mesh.Token + "\n");
        vm.Run("mkdir", "-p", "/run/smm-agent-join");
        vm.Run("install", "-m", "0644", fixture.Testbed.CopyToVm(fixture.Testbed.DashboardAuthority!), "/run/smm-agent-join/ca.pem");
        vm.Run("install", "-m", "0600", fixture.Testbed.CopyToVm(token), "/run/smm-agent-join/token");
        vm.RunAtMost(BootedVm.InstallPatience, "sh", "-c", script);
    }
}
