namespace SmmAgent.VmTests;

/// <summary>The state of a VM: each file with its owner, mode and contents, the firewall, units and users.</summary>
internal static class HostListing
{
    // Files that change while a system runs, and the records of the package managers.
    private static readonly string[] Excluded =
    [
        "/proc", "/sys", "/dev", "/tmp", "/var/tmp", "/mnt", "/var/log", "/var/lib/dpkg", "/var/lib/apt", "/var/cache/apt",
        "/var/cache/debconf",
        "/var/lib/rpm", "/var/lib/dnf", "/var/cache/dnf", "/var/cache/ldconfig", "/var/lib/systemd/timers", "/root", "/srv",
        // Below /run only paths with the agent's name are listed.
        "/run",
        // Backups that useradd and userdel make.
        "/etc/passwd-", "/etc/shadow-", "/etc/group-", "/etc/gshadow-",
    ];

    /// <summary>One line for each thing.</summary>
    public static IReadOnlyList<string> From(BootedVm vm)
    {
        // Units that start late are not a change. The wait fails if a unit has failed.
        _ = vm.Try(BootedVm.InstallPatience, "systemctl", "is-system-running", "--wait");
        string[] leaving = [
            "(", .. Excluded.SelectMany((path, i) => i == 0 ? (string[])["-path", path] : ["-o", "-path", path]), ")", "-prune", "-o"];
        return
        [
            .. Lines(vm.RunAtMost(BootedVm.InstallPatience, ["find", "/", .. leaving, "-type", "f", "-exec", "sha256sum", "{}", "+"])),
            .. Lines(vm.RunAtMost(BootedVm.InstallPatience, ["find", "/", .. leaving, "-printf", "%p %y %m %u %g %l\n"])),
            .. Lines(vm.Run("find", "/run", "-name", "*smm-agent*", "-not", "-path", "/run/systemd/*")),
            .. Lines(vm.Run("systemctl", "list-unit-files", "--no-pager", "--no-legend")),
            // systemd starts and ends these automatically when a program might ask for a password.
            .. Lines(vm.Run(
                "systemctl", "list-units", "--no-pager", "--no-legend", "--plain", "--type=service,path,timer", "--state=active,failed"))
                .Where(line => !line.StartsWith("systemd-ask-password-", StringComparison.Ordinal))
                .Select(WithoutTimerState),
            .. Lines(vm.Rules()),
            .. Lines(vm.Ruleset()),
        ];
    }

    /// <summary>The lines that were added or removed.</summary>
    public static IReadOnlyList<string> Changes(IReadOnlyList<string> before, IReadOnlyList<string> now) =>
        [.. now.Except(before).Select(line => $"+ {line}"), .. before.Except(now).Select(line => $"- {line}")];

    // A timer is waiting or running, depending on the time.
    private static string WithoutTimerState(string unit) =>
        unit.Split(' ', 5, StringSplitOptions.RemoveEmptyEntries) is [var name, var load, var active, _, ..]
        && name.EndsWith(".timer", StringComparison.Ordinal)
            ? $"{name} {load} {active}"
            : unit;

    private static string[] Lines(string text) => text.Split('\n', StringSplitOptions.RemoveEmptyEntries);
}
