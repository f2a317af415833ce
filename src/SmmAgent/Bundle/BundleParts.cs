using SmmAgent.Contract;
using SmmAgent.Core.Firewall.Rules;
using SmmAgent.Core.Settings;
using SmmAgent.Core.Sidecar.Configuration;
using SmmAgent.Core.Sidecar.Logs;
using SmmAgent.Host;
using SmmAgent.Linux.Commands;
using SmmAgent.Linux.Firewall;
using SmmAgent.Linux.Sidecar;

namespace SmmAgent.Bundle;

/// <summary>The parts of a support bundle. Collecting them does not change the host.</summary>
internal static class BundleParts
{
    private static readonly string[] Units =
    [
        "smm-agent.service", "smm-agent-reconcile.service", "smm-agent-reconcile.path", "smm-agent-reconcile-request.service",
        "smm-agent-rollback.timer", "smm-agent-rollback.service", "smm-agent-sidecar-logs.timer", "smm-agent-sidecar-logs.service",
            "smm-agent-package.service",
        "istio.service",
    ];

    private static readonly EnumerationOptions Readable = new() { IgnoreInaccessible = true };

    private static readonly string[] UnitFolders = ["etc/systemd/system", "usr/lib/systemd/system", "lib/systemd/system"];

    public static IReadOnlyList<BundlePart> All(AgentPaths paths, CommandRunner runner) =>
    [
        .. Agent(paths, runner),
        .. Firewall(runner),
        .. Network(paths, runner),
        .. Sidecar(paths, runner),
        .. Systemd(paths, runner),
        .. Versions(paths, runner),
    ];

    // The commands run as separate processes, so that a failure affects one part only.
    private static IEnumerable<BundlePart> Agent(AgentPaths paths, CommandRunner runner)
    {
        yield return BundlePart.Text("version.txt", () => new($"smm-agent {ProgramVersion.Current}\n"));
        yield return BundlePart.File("status.json", paths.Status, isAgents: true);
        yield return BundlePart.Command("check.json", runner, Self(paths, "check", "--output", "json"));
        yield return BundlePart.Command("config.txt", runner, Self(paths, "config", "show"));
        yield return BundlePart.File("agent.yaml", paths.Settings);
        yield return BundlePart.MeshConfig("mesh-config/daemon.json", paths.LastGoodMeshConfig);
        yield return BundlePart.MeshConfig("mesh-config/host.json", paths.HostLastGoodMeshConfig);
        yield return BundlePart.Command(
            "files.txt", runner, "ls", "-lan", paths.ConfigDirectory, paths.StateDirectory, paths.RuntimeDirectory);
    }

    private static string[] Self(AgentPaths paths, params string[] command) => [Environment.ProcessPath!, "--root", paths.Root, .. command];

    // Without -t the commands show existing tables and create none.
    private static IEnumerable<BundlePart> Firewall(CommandRunner runner)
    {
        foreach (var family in (IpFamily[])[IpFamily.IPv4, IpFamily.IPv6])
        {
            foreach (var variant in (string[])["", Backend.Nft, Backend.Legacy])
            {
                var save = new FilterTool(family, variant).Save;
                yield return BundlePart.Command($"firewall/{save}.txt", runner, save);
            }
        }

        yield return BundlePart.Command("firewall/nft.txt", runner, "nft", "list", "ruleset");
        yield return BundlePart.Command("firewall/firewalld-state.txt", runner, "firewall-cmd", "--state");
        yield return BundlePart.Command("firewall/firewalld-zones.txt", runner, "firewall-cmd", "--list-all-zones");
    }

    private static IEnumerable<BundlePart> Network(AgentPaths paths, CommandRunner runner)
    {
        yield return BundlePart.Command("network/addresses.txt", runner, "ip", "address", "show");
        yield return BundlePart.Command("network/routes.txt", runner, "ip", "route", "show", "table", "all");
        yield return BundlePart.Command("network/routes6.txt", runner, "ip", "-6", "route", "show", "table", "all");
        yield return BundlePart.Command("network/rules.txt", runner, "ip", "rule", "show");
        yield return BundlePart.Command("network/rules6.txt", runner, "ip", "-6", "rule", "show");
        yield return BundlePart.Command("network/listeners.txt", runner, "ss", "-Hltnp");
        yield return BundlePart.File("network/resolv.conf", Path.Combine(paths.Root, "etc/resolv.conf"));
        yield return BundlePart.File("network/hosts", Path.Combine(paths.Root, "etc/hosts"));
    }

    // Unit, journal and version are collected with those of the agent. Token and key are not collected.
    private static IEnumerable<BundlePart> Sidecar(AgentPaths paths, CommandRunner runner)
    {
        yield return BundlePart.File("sidecar/report.json", paths.RootReport, isAgents: true);
        yield return BundlePart.Guarded("sidecar/cluster.env", paths.Root, SidecarFiles.ClusterEnvironment);
        yield return BundlePart.Guarded("sidecar/mesh", paths.Root, SidecarFiles.MeshFile);
        var root = paths.Root.TrimEnd('/');
        foreach (var log in (string[])[SidecarLog.ErrorFile, SidecarLog.File])
            yield return BundlePart.Text($"sidecar/{Path.GetFileName(log)}", () => EndOf(root + log));
        string[] folders = [.. SidecarFiles.Folders.Append(SidecarFiles.EnvironmentFolder).Select(folder => root + folder),
            paths.HostStateDirectory, paths.PackageCache];
        yield return BundlePart.Command("sidecar/files.txt", runner, ["ls", "-lanR", .. folders]);
    }

    private static PartContent EndOf(string log) => SidecarLogFiles.Read(log) switch
    {
        { UnknownReason: { } reason } => new(null, reason),
        { Value: { Written: { } at } text } => new($"# the end of {log}, last written at {TimeText.Format(at)}\n{text.Text}"),
        _ => new(null, $"there is no {log}"),
    };

    private static IEnumerable<BundlePart> Systemd(AgentPaths paths, CommandRunner runner)
    {
        string[] named = Units.SelectMany(unit => (string[])["--unit", unit]).ToArray();
        yield return BundlePart.Command(
            "systemd/journal.txt", runner, ["journalctl", "--no-pager", "--output", "short-iso", "--lines", "5000", .. named]) with
        { KeepEnd = true };
        yield return BundlePart.Command(
            "systemd/status.txt", runner, ["systemctl", "status", "--no-pager", "--full", "--lines", "0", .. Units]);
        foreach (var folder in UnitFolders)
        {
            foreach (var file in UnitFiles(Path.Combine(paths.Root, folder)))
                yield return BundlePart.File($"systemd/{folder}/{Path.GetRelativePath(Path.Combine(paths.Root, folder), file)}", file);
        }
    }

    /// <summary>The units and their drop-ins.</summary>
    private static IEnumerable<string> UnitFiles(string folder)
    {
        // On most systems /lib is a link to /usr/lib.
        if (!Directory.Exists(folder) || new DirectoryInfo(folder).Parent?.Parent?.LinkTarget is not null)
            return [];

        var dropIns = Units.Select(unit => Path.Combine(folder, unit + ".d")).Where(Directory.Exists)
            .SelectMany(path => Directory.EnumerateFiles(path, "*", Readable));
        return Units.Select(unit => Path.Combine(folder, unit)).Where(File.Exists).Concat(dropIns.Order(StringComparer.Ordinal).Take(32));
    }

    private static IEnumerable<BundlePart> Versions(AgentPaths paths, CommandRunner runner)
    {
        yield return BundlePart.File("os-release", Path.Combine(paths.Root, "etc/os-release"));
        yield return BundlePart.Command("versions/kernel.txt", runner, "uname", "-a");
        foreach (var program in (string[])["iptables", "nft", "ip6tables", "firewall-cmd", "systemctl", "curl"])
            yield return BundlePart.Command($"versions/{program}.txt", runner, program, "--version");
        yield return BundlePart.Command(
            "versions/dpkg.txt", runner, "dpkg-query", "--show", "smm-agent", "istio-sidecar", "iptables", "nftables");
        yield return BundlePart.Command("versions/rpm.txt", runner, "rpm", "--query", "smm-agent", "istio-sidecar", "iptables", "nftables");
    }
}
