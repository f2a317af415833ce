using System.Globalization;
using SmmDashboard.Agents;
using SmmDashboard.DialBack;
using SmmDashboard.Embedded.Agents;
using SmmDashboard.Http;
using SmmDashboard.Http.Connections;
using SmmDashboard.Startup;

namespace SmmDashboard.Tests.Startup;

/// <summary>The limits that an operator can set, in the documentation and in <c>--help</c>, with their defaults.</summary>
public sealed class LimitDocsTests
{
    private const int Fleet = 20_000;

    public static TheoryData<string, int> Limits => new()
    {
        { "--client-rate", (int)new RequestRates.Settings().PerClient.PerSecond },
        { "--total-rate", (int)new RequestRates.Settings().Total.PerSecond },
        { "--rate-buckets", Rate.DefaultBuckets },
        { "--connections", ConnectionSettings.DefaultTotal },
        { "--new-agent-rate", (int)NewAgents.DefaultRate.PerSecond },
        { "--agents-per-group", FileAgentStore.DefaultLimit },
        { "--dial-back-rate", DialBackSettings.DefaultPerSecond },
        { "--registered-sidecars", ConnectionBudget.DefaultRegisteredSidecars },
    };

    [Theory]
    [MemberData(nameof(Limits))]
    public void LimitIsDocumentedWithItsDefault(string option, int standard)
    {
        var number = standard.ToString(CultureInfo.InvariantCulture);
        var row = Assert.Single(
            File.ReadLines(Repository.PathOf("docs", "dashboard.md")),
            line => line.StartsWith($"| `{option} N` |", StringComparison.Ordinal));
        Assert.Contains($"Default: {number}", row, StringComparison.Ordinal);
        var isEmbeddedOnly = option == "--registered-sidecars";
        Assert.Contains($"[{option} N]", File.ReadAllText(Repository.PathOf("docs", "dashboard-embedded.md")), StringComparison.Ordinal);
        Assert.Equal(
            !isEmbeddedOnly, File.ReadAllText(Repository.PathOf("docs", "dashboard-kubernetes.md"))
                .Contains($"[{option} N]", StringComparison.Ordinal));

        using var output = new StringWriter();
        new CommandLine().Parse(["--help"], TextWriter.Null, out _, output);
        var words = output.ToString().Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
        Assert.Contains(option, words);
        Assert.Contains($"Default: {number}", string.Join(' ', words), StringComparison.Ordinal);
    }

    [Fact]
    public void DefaultsCarryTwentyThousandVms()
    {
        Assert.True(new ConnectionSettings().Total >= 2 * Fleet);
        Assert.True(FileAgentStore.DefaultLimit >= Fleet);
        Assert.True(Rate.DefaultBuckets >= Fleet);
        // Four ports of each VM, once in five minutes, all of them in one WorkloadGroup.
        Assert.True(DialBackSettings.From(DialBackSettings.DefaultPerSecond).PerGroup.PerSecond >= 4 * Fleet / 300.0);
        var budget = ConnectionBudget.Calculate(new ConnectionSettings { OpenFiles = 65_536 }, hasRegistration: true);
        Assert.True(budget.Api >= 2 * Fleet);
        Assert.Equal(24_000, budget.Registration);
        Assert.True(ConnectionBudget.DefaultRegisteredSidecars >= Fleet);
    }
}
