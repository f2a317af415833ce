using System.Net;
using System.Text;
using SmmAgent.Core.Firewall.Rules;
using SmmAgent.Core.Firewall.Nft;
using SmmAgent.Core.Firewall.Evaluation;
using SmmAgent.Core.Host;
using SmmAgent.Core.Sidecar.Configuration;
using SmmAgent.Fuzz.Engine;
using SmmAgent.Linux.Commands;
using SmmAgent.Linux.Firewall;
using SmmAgent.Linux.Packages;
using SmmAgent.Linux.Systemd;

namespace SmmAgent.Fuzz.Targets;

/// <summary>Output of programs and contents of files of this host.</summary>
internal static class HostTargets
{
    private static readonly Packet[] Packets =
    [
        Packet.FromCluster(IpFamily.IPv4, IPNetwork.Parse("10.244.0.0/16"), 16400, 16400),
        Packet.FromCluster(IpFamily.IPv6, IPNetwork.Parse("fd00::/8"), 15006, 8080),
        Packet.Outbound(Transport.Udp, IPNetwork.Parse("192.0.2.53/32"), 53),
        Packet.Reply(Transport.Tcp, IPNetwork.Parse("2001:db8::1/128"), 443),
    ];

    private static readonly string[] RuleWords =
    [
        "-A INPUT ", "-j ", "-g ", "-m comment --comment ", "\"", "\\\"", "'", "! ", "--dport ", "--ctstate NEW,ESTABLISHED",
        "-s 10.0.0.0/8", "-p tcp", "-i lo", "ISTIO_OUTPUT", "SMM-AGENT", "\t", "COMMIT\n",
        "*filter\n", "*nat\n", ":INPUT DROP [0:0]\n", "-A OUTPUT -j ISTIO_OUTPUT\n", "# Table `filter' is incompatible, use 'nft' tool.\n",
        "-M", "--modprobe", "[0:0] ",
    ];

    public static IReadOnlyList<FuzzTarget> List { get; } =
    [
        FuzzTarget.FromText(
            "iptables-save", Iptables,
            "*filter\n:INPUT DROP [1:2]\n:SMM-AGENT - [0:0]\n-A INPUT -m comment --comment \"a b \\\" -j DROP\" -j SMM-AGENT\n-A "
            + "SMM-AGENT ! -s 10.0.0.0/8 -p tcp -m multiport --dports 22,80:90 -j ACCEPT\nCOMMIT\n") with { Words = RuleWords },
        FuzzTarget.FromText("iptables-rule", Rule, "-s 10.0.0.0/8 -p tcp -m tcp --dport 22 -m comment --comment \"a \\\"b\" -j ACCEPT",
            "-m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT") with { Words = RuleWords, MaximumBytes = 2048 },
        FuzzTarget.FromText("nft-json", Nft, NftSeed, """{"nftables":[{"metainfo":{"json_schema_version":1}}]}""",
            """{"nftables":[{"set":{"family":"inet","table":"t","name":"s","type":"ipv4_addr","elem":["@s"]}},{"chain":{"family":"inet","table":"t","name":"c","hook":"input","policy":"drop"}},{"rule":{"family":"inet","table":"t","chain":"c","expr":[{"match":{"op":"==","left":{"payload":{"protocol":"ip","field":"saddr"}},"right":"@s"}},{"accept":null}]}}]}""") with
        {
            Words = ["\"@s\"", "{\"set\":[", "{\"range\":[1,2]}", "{\"prefix\":{\"addr\":\"10.0.0.0\",\"len\":8}}",
                "{\"jump\":{\"target\":\"c\"}}", "{\"goto\":{\"target\":\"d\"}}", "{\"vmap\":", "\"hook\":\"input\"", "{\"concat\":[",
                "\"op\":\"!=\"", "{\"accept\":null}", "{\"elem\":{\"val\":"],
            MaximumBytes = 32 * 1024,
        },
        FuzzTarget.FromText("nft-tables", text => _ = CaptureRules.NativeTables(text), "table inet istio-proxy-nat\ntable ip filter\n"),
        FuzzTarget.FromText("firewalld-rule", text =>
        {
            if (FirewalldRule.Read(text) is { } rule)
                PropertyException.Unless(FirewalldRule.Read(rule.Text) == rule, "a rule is read as it was written");
        }, "rule priority=\"16400\" family=\"ipv4\" source address=\"10.0.0.0/8\" port port=\"8080\" "
            + "protocol=\"tcp\" accept") with { MaximumBytes = 512 },
        FuzzTarget.FromBytes("netlink", bytes =>
        {
            foreach (var (_, _, body) in NetlinkMessage.Split(bytes))
                _ = NetlinkMessage.Attributes(body);
        }) with { Seeds = [NetlinkMessage.Build(0, 1, 2, 2, 3, NetlinkMessage.Text(1, "filter"), NetlinkMessage.Number(2, 7))] },
        FuzzTarget.FromText("os-release", Os, "NAME=\"Ubuntu\"\nID=ubuntu\nVERSION_ID=\"20.04\"\nPRETTY_NAME='a b'\n",
            "ID=\"openEuler\"\nID_LIKE=\"rhel fedora\"\n"),
        FuzzTarget.FromText(
            "systemctl", Systemctl,
            "LoadState=loaded\nActiveState=active\nSubState=running\nUnitFileState=enabled\nMainPID=12\nExecMainStartTimestamp=Sat "
            + "2026-11-28 21:43:00 UTC\nNRestarts=3\nResult=success\n",
            "Failed to start istio.service: Unit istio.service not found.\nJob for istio.service failed because"),
        FuzzTarget.FromText(
            "installer-text", Installer,
            "E: Could not get lock /var/lib/dpkg/lock-frontend. It is held by process 12 (unattended-upgr)\nE: Unable to acquire",
            "dpkg: error processing archive: No space left on device\n nothing provides x needed by y") with { Words = [
                "E: ", "error", "Depends:", "NOT OK", "is locked", "\n"] },
        FuzzTarget.FromText(
            "archive-listing", Archive,
            "-rw-r--r-- root/root         4 2026-11-23 21:23 ./usr/share/x\ndrwxr-xr-x root/root 0 2026-11-23 21:23 ./\nlrwxrwxrwx "
            + "root/root 0 2026-11-23 21:23 ./etc/a -> /etc/b\nhrw-r--r-- root/root 0 2026-11-23 21:23 ./usr/b link to ./usr/a",
            "-rwxr-xr-x /usr/bin/x\ndrwxr-xr-x /usr/bin\nlrwxrwxrwx /etc/a") with { Words = [
                " -> ", " link to ", "../", "//", "./", "l", "h", "c", "b", "\\n"] },
        FuzzTarget.FromText("package-state", State, "installed ok 1.15.3\n", "config-files ok \n",
            "half-configured reinst-required 1:2.3-4~rc1\n", "0:1.15.3-1\n0:1.16.0-1\n")
            with { Words = ["not-installed", "triggers-pending", "ok", "0:", " ", "\n"] },
        FuzzTarget.FromBytes(
            "hosts-file", Hosts,
            "127.0.0.1 localhost\n# BEGIN smm-agent: addresses of the mesh's control plane\n203.0.113.7 istiod.istio-system.svc\n# END "
            + "smm-agent\n", "a", "# END smm-agent\n# BEGIN smm-agent\r\n") with { Words = ["# BEGIN smm-agent", "# END smm-agent",
                "; the line before the block had no line break", "203.0.113.7 istiod.istio-system.svc", "\r\n", "\n"] },
    ];

    private const string NftSeed = """
        {"nftables":[{"metainfo":{"version":"1.0.6","json_schema_version":1}},{"table":{"family":"inet","name":"filter","handle":1}},{"set":{"family":"inet","name":"ban","table":"filter","type":["ipv4_addr","inet_service"],"flags":["interval"],"elem":[{"prefix":{"addr":"10.0.0.0","len":8}},{"range":["1.2.3.4","1.2.3.9"]},{"concat":["1.2.3.4",22]},{"elem":{"val":"5.6.7.8","timeout":5}}]}},
        {"map":{"family":"inet","name":"m","table":"filter","type":"inet_service","map":"verdict","elem":[[22,{"accept":null}],[{"range":[1,9]},{"jump":{"target":"sub"}}]]}},
        {"chain":{"family":"inet","table":"filter","name":"input","handle":2,"type":"filter","hook":"input","prio":0,"policy":"drop"}},{"chain":{"family":"inet","table":"filter","name":"sub"}},
        {"rule":{"family":"inet","table":"filter","chain":"input","handle":3,"expr":[{"match":{"op":"in","left":{"ct":{"key":"state"}},"right":["established","related"]}},{"accept":null}]}},
        {"rule":{"family":"inet","table":"filter","chain":"input","expr":[{"match":{"op":"==","left":{"payload":{"protocol":"tcp","field":"dport"}},"right":{"set":[22,80,{"range":[8000,9000]}]}}},{"counter":{"packets":1,"bytes":2}},{"jump":{"target":"sub"}}]}},
        {"rule":{"family":"inet","table":"filter","chain":"input","expr":[{"match":{"op":"!=","left":{"payload":{"protocol":"ip","field":"saddr"}},"right":"@ban"}},{"drop":null}]}},
        {"rule":{"family":"inet","table":"filter","chain":"sub","expr":[{"vmap":{"key":{"payload":{"protocol":"tcp","field":"dport"}},"data":"@m"}}]}},
        {"rule":{"family":"inet","table":"filter","chain":"sub","expr":[{"vmap":{"key":{"meta":{"key":"iifname"}},"data":{"set":[["lo",{"accept":null}],["eth0",{"goto":{"target":"input"}}]]}}},{"reject":{"type":"icmpx"}}]}}]}
        """;

    private static void State(string text)
    {
        foreach (var state in (PackageState?[])[Dpkg.State(text), Rpm.State(text)])
            PropertyException.Unless(state is not { Version: "" }, "a version is not empty");
    }

    private static void Iptables(string text)
    {
        foreach (var name in new[] { "filter", "nat" })
        {
            if (FilterTable.Parse(text, name) is not { } table)
                continue;
            foreach (var packet in Packets)
                _ = IptablesEvaluator.Evaluate(table, packet);
            foreach (var rule in table.Chains.Values.SelectMany(chain => chain.Rules))
                PropertyException.Unless(!rule.Text.Contains('\n', StringComparison.Ordinal) && !rule.Arguments.Any(argument =>
                    argument.Contains('\n', StringComparison.Ordinal)), "a rule that goes back to iptables-restore is one line");
        }

        _ = CaptureRules.Find(text);
    }

    private static void Rule(string text)
    {
        var rule = FilterRule.Parse(text);
        _ = (rule.Canonical, rule.Arguments, rule.Comment);
        PropertyException.Unless(FilterRule.Parse(text).Canonical == rule.Canonical, "a rule has one meaning");
    }

    private static void Nft(string json)
    {
        if (NftRuleset.Parse(json) is not { } ruleset)
            return;
        foreach (var chain in ruleset.InputChains.Concat(ruleset.ChainsAt(Hook.Output)).Take(8))
        {
            foreach (var packet in Packets)
                _ = NftEvaluator.Evaluate(ruleset, chain, packet);
        }
    }

    private static void Os(string text)
    {
        var release = OsRelease.Parse(text.Split('\n'));
        _ = release.IsVerified;
        PropertyException.Unless(!release.Id.Contains('\n', StringComparison.Ordinal), "an id is one line");
    }

    private static void Systemctl(string text)
    {
        _ = SystemctlText.ParseService("istio.service", text);
        foreach (var job in Enum.GetValues<UnitJob>())
            _ = SystemctlText.ParseJobEnd(job, "istio.service", text);
    }

    private static void Installer(string text)
    {
        var command = new CommandResult(["apt-get"], CommandEnding.Exited, 1, text, text);
        foreach (var failure in new[] { InstallerText.Failure(command), InstallerText.RemovalFailure(command) })
            PropertyException.UnlessLine(failure.Message, "why a package was not installed");
    }

    private static void Archive(string text)
    {
        foreach (var member in new Func<string, ArchiveMember>[] { Dpkg.Member, Rpm.Member })
        {
            var members = text.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(member).ToList();
            if (ArchiveContents.Validate(members) is { } why)
                PropertyException.UnlessLine(why, "why an archive is refused");
            else
                PropertyException.Unless(members.All(one => !one.Path.Split('/').Contains("..")), "an accepted archive leaves no folder");
        }
    }

    private static void Hosts(byte[] file)
    {
        string[] lines = ["203.0.113.7 istiod.istio-system.svc", "2001:db8::7 istiod.istio-system.svc"];
        var set = HostsBlock.Set(file, lines);
        PropertyException.Unless(HostsBlock.Has(Encoding.Latin1.GetString(set), lines), "lines that were set are there");
        PropertyException.Unless(
            HostsBlock.Set(set, lines).AsSpan().SequenceEqual(set), "setting the same lines once more changes nothing");
        PropertyException.Unless(
            HostsBlock.Lines(Encoding.Latin1.GetString(HostsBlock.Remove(set))).Count == 0, "nothing stays of lines that are removed");
        if (HostsBlock.Lines(Encoding.Latin1.GetString(file)).Count == 0 && !Encoding.Latin1.GetString(file)
            .Contains("smm-agent", StringComparison.Ordinal))
            PropertyException.Unless(
                HostsBlock.Remove(set).AsSpan().SequenceEqual(file), "a file of others is as before when the lines are removed");
    }
}
