// ./build.sh bench: prints a table with figures, yardsticks and ratios. --quick makes fewer runs.
using SmmAgent.Bed;
using SmmAgent.Bench;

if (Programs.Missing() is { } missing)
{
    Console.Error.WriteLine($"bench: {missing}");
    return 1;
}

var quick = args.Contains("--quick");
var report = new Report();
await DashboardBench.RunAsync(report, agents: 2000);
await AgentBench.RunAsync(report, flushes: quick ? 10 : 50, changes: quick ? 5 : 20);
Console.WriteLine();
report.Print(Console.Out);
return 0;
