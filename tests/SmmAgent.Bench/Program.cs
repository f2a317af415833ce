// ./build.sh bench [dashboard|lookups|scale|pages|agent|idle|ports|firewall|check|machines|kubernetes …]: prints a table with figures,
// yardsticks and ratios. --quick makes fewer runs.
// ./build.sh order: writes the order file of the compiler.
using SmmAgent.Testbed;
using SmmAgent.Bench;
using SmmAgent.Testbed.Trace;

if (Programs.Missing() is { } missing)
{
    Console.Error.WriteLine($"bench: {missing}");
    return 1;
}

if (args is ["order", var orderFile])
{
    await OrderFile.RecordAsync(orderFile);
    return 0;
}

var quick = args.Contains("--quick");
var idle = TimeSpan.FromSeconds(quick ? 30 : 180);
var report = new Report();
var parts = args.Where(argument => !argument.StartsWith('-')).ToList();
if (IsWanted("dashboard"))
    await DashboardBench.RunAsync(report, agents: 2000);
if (IsWanted("lookups"))
    await LookUpBench.RunAsync(report, quick);
if (IsWanted("scale"))
    await ScaleBench.RunAsync(report, quick);
if (IsWanted("pages"))
    await PagesBench.RunAsync(report, machines: quick ? 1000 : 10_000);
if (IsWanted("agent"))
    await AgentBench.RunAsync(report, flushes: quick ? 10 : 50, changes: quick ? 5 : 20, idle);
if (parts.Contains("idle")) // part of agent
    await AgentBench.RunIdleAsync(report, idle);
if (IsWanted("ports"))
    await PortsBench.RunAsync(report, quick);
if (IsWanted("firewall"))
    await FirewallBench.RunAsync(report, TimeSpan.FromSeconds(quick ? 30 : 120));
if (IsWanted("check"))
    await CheckBench.RunAsync(report, runs: quick ? 3 : 11);
if (IsWanted("machines"))
    await MachinesBench.RunAsync(report, machines: quick ? 1000 : 10_000);
if (IsWanted("kubernetes"))
    await KubernetesBench.RunAsync(report, groups: quick ? 100 : 1000, agents: quick ? 1000 : 10_000);
Console.WriteLine();
report.Print(Console.Out);
return 0;

bool IsWanted(string part) => parts.Count == 0 || parts.Contains(part);
