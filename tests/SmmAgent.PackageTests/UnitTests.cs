namespace SmmAgent.PackageTests;

/// <summary>
/// The units on systemd 239 (RHEL 8), the oldest supported version: it ignores an unknown directive, with a warning.
/// </summary>
public class UnitTests
{
    private const int Oldest = 239;

    // The systemd that brought each directive, as its man pages say (systemd.unit, .service, .path, .timer, .exec, .resource-control).
    private static readonly Dictionary<string, int> Since = new()
    {
        ["Description"] = 0,
        ["Documentation"] = 0,
        ["Wants"] = 0,
        ["After"] = 0,
        ["PartOf"] = 0,
        ["Before"] = 0,
        ["ConditionPathExists"] = 0,
        ["ConditionPathIsDirectory"] = 0,
        ["ConditionFileIsExecutable"] = 0,
        ["StartLimitIntervalSec"] = 230,
        ["Type"] = 0,
        ["NotifyAccess"] = 0,
        ["BusName"] = 0,
        ["ExecStart"] = 0,
        ["ExecStartPre"] = 0,
        ["ExecStopPost"] = 0,
        ["SuccessExitStatus"] = 189,
        ["ExecReload"] = 0,
        ["User"] = 0,
        ["Group"] = 0,
        ["AmbientCapabilities"] = 229,
        ["CapabilityBoundingSet"] = 0,
        ["Restart"] = 0,
        ["RestartSec"] = 0,
        ["WatchdogSec"] = 0,
        ["KillMode"] = 0,
        ["RuntimeMaxSec"] = 229,
        ["TimeoutStartSec"] = 188,
        ["TimeoutStopSec"] = 188,
        ["StateDirectory"] = 235,
        ["StateDirectoryMode"] = 235,
        ["ReadWritePaths"] = 231,
        ["UMask"] = 0,
        ["NoNewPrivileges"] = 187,
        ["ProtectSystem"] = 214,
        ["ProtectHome"] = 214,
        ["PrivateTmp"] = 0,
        ["PrivateDevices"] = 209,
        ["DevicePolicy"] = 208,
        ["ProtectKernelTunables"] = 232,
        ["ProtectKernelModules"] = 232,
        ["ProtectKernelLogs"] = 244,
        ["ProtectControlGroups"] = 232,
        ["ProtectClock"] = 245,
        ["ProtectHostname"] = 242,
        ["ProtectProc"] = 247,
        ["LimitCORE"] = 0,
        ["PrivateMounts"] = 239,
        ["ProcSubset"] = 247,
        ["LockPersonality"] = 235,
        ["MemoryDenyWriteExecute"] = 231,
        ["RestrictRealtime"] = 231,
        ["RestrictSUIDSGID"] = 242,
        ["RestrictNamespaces"] = 233,
        ["RestrictAddressFamilies"] = 211,
        ["RemoveIPC"] = 232,
        ["KeyringMode"] = 235,
        ["SystemCallArchitectures"] = 209,
        ["SystemCallFilter"] = 187,
        ["SystemCallErrorNumber"] = 209,
        ["PrivateNetwork"] = 0,
        ["Nice"] = 0,
        ["IOSchedulingClass"] = 0,
        ["PathExists"] = 0,
        ["OnCalendar"] = 0,
        ["RandomizedDelaySec"] = 229,
        ["Unit"] = 0,
        ["WantedBy"] = 0,
        ["Also"] = 0,
    };

    // Each directive only removes rights that the daemon does not use: without them it works in the same way, with a weaker sandbox.
    private static readonly string[] LeftOutByTheOldest =
        ["ProcSubset", "ProtectClock", "ProtectHostname", "ProtectKernelLogs", "ProtectProc", "RestrictSUIDSGID"];

    [Fact]
    public void DirectivesUnknownToTheOldestSystemdOnlyRestrictTheDaemon()
    {
        var used = Directives().ToList();

        Assert.DoesNotContain(used, directive => !Since.ContainsKey(directive));
        Assert.Equal(LeftOutByTheOldest, used.Where(directive => Since[directive] > Oldest).Order(StringComparer.Ordinal));
    }

    // It delays istio.service at boot; RuntimeMaxSec begins when it is READY, and does not apply to a oneshot.
    [Fact]
    public void PrivilegedReconcileUnitNotifiesReadinessAndSparesThePackageManagerWhenStopped()
    {
        var unit = File.ReadAllLines(Path.Combine(Units, "smm-agent-reconcile.service"));

        Assert.Superset(
            new HashSet<string> { "Type=notify", "NotifyAccess=main", "Before=istio.service", "KillMode=mixed", "TimeoutStartSec=90",
                "RuntimeMaxSec=1h", "UMask=0022" },
            unit.ToHashSet());
        Assert.DoesNotContain(unit, line => line.StartsWith("Restart", StringComparison.Ordinal)
            && !line.StartsWith("RestrictRealtime", StringComparison.Ordinal));
    }

    // notify-reload would be "simple" before 253; strict came with 232, @system-service with 239.
    [Fact]
    public void ValuesAreKnownToTheOldestSystemd()
    {
        var unit = File.ReadAllLines(Path.Combine(Units, "smm-agent.service"));

        Assert.Contains("Type=notify", unit);
        Assert.Equal(
            ["SystemCallFilter=@system-service", "SystemCallFilter=~@privileged @resources"],
            unit.Where(line => line.StartsWith("SystemCallFilter=", StringComparison.Ordinal)));
        Assert.Contains("ProtectSystem=strict", unit);
    }

    private static string Units => Path.Combine(Repository.Root, "packaging", "systemd");

    private static IEnumerable<string> Directives() => Directory.EnumerateFiles(Units)
        .Where(file => Path.GetExtension(file) is ".service" or ".path" or ".timer")
        .SelectMany(File.ReadLines)
        .Where(line => line.Contains('=', StringComparison.Ordinal) && !line.StartsWith('#'))
        .Select(line => line[..line.IndexOf('=', StringComparison.Ordinal)])
        .Distinct();
}
