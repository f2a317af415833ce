using Microsoft.Extensions.Logging.Abstractions;
using SmmAgent.Contract;
using SmmDashboard.Agents;
using SmmDashboard.Embedded.Agents;
using SmmDashboard.Groups;
using SmmDashboard.Http;

namespace SmmDashboard.Tests.Agents;

public sealed class FileAgentStoreTests
{
    private static readonly GroupId Group = new("vm-integration", "analytics-v0");

    /// <summary>Agents that remove each other report at the same time. The files are those of the agents in memory.</summary>
    [Fact]
    public async Task FilesEqualMemoryAfterConcurrentReports()
    {
        using var folder = new TemporaryFolder();
        var store = Create(folder);
        PresentedAgent[] agents = [.. Enumerable.Range(0, 8).Select(number => new PresentedAgent(Guid.NewGuid(), Key(number)))];
        await Task.WhenAll(Enumerable.Range(0, 4).Select(thread => Task.Run(async () =>
        {
            var random = new Random(thread);
            for (var report = 0; report < 300; report++)
                await store.ReportAsync(Group, agents[random.Next(agents.Length)], Report(), TestContext.Current.CancellationToken);
        })));

        var known = await FindAsync(store, agents);
        var kept = agents.Where((_, index) => known[index] is not null).Select(agent => $"{agent.Uuid:D}");
        Assert.Equal(kept.Order(), Files(folder).Order());
        Assert.Equal(4, Files(folder).Count());

        // After a restart the agents are the same, with the same keys.
        Assert.Equal(
            known.Select(agent => agent?.KeySha256), (await FindAsync(Create(folder), agents)).Select(agent => agent?.KeySha256));
    }

    /// <summary>JSON may have null for any member. The key of the agent still counts, and the other files are read.</summary>
    [Fact]
    public async Task AddressWithoutValueIsNoAddress()
    {
        using var folder = new TemporaryFolder();
        PresentedAgent[] agents = [.. Enumerable.Range(0, 3).Select(number => new PresentedAgent(Guid.NewGuid(), Key(number)))];
        var store = Create(folder);
        foreach (var agent in agents)
        {
            var report = Report() with { Address = new AddressReport("192.0.2.1", "provider") };
            await store.ReportAsync(Group, agent, report, TestContext.Current.CancellationToken);
            var file = folder.Path($"data/agents/{Group}/{agent.Uuid:D}.json");
            await File.WriteAllTextAsync(
                file, (await File.ReadAllTextAsync(file, TestContext.Current.CancellationToken))
                    .Replace("\"192.0.2.1\"", "null", StringComparison.Ordinal), TestContext.Current.CancellationToken);
        }

        var restarted = Create(folder);
        var added = await restarted.ReportAsync(
            Group, new PresentedAgent(Guid.NewGuid(), Key(9)), Report(), TestContext.Current.CancellationToken);
        Assert.Equal(ReportOutcome.Kept, added);
        Assert.Equal(agents.Select(agent => agent.KeySha256), (await FindAsync(restarted, agents)).Select(agent => agent?.KeySha256));
    }

    private static FileAgentStore Create(TemporaryFolder folder) => new(
        new AgentFiles(folder.Path("data"), NullLogger<AgentFiles>.Instance), TimeProvider.System, NullLogger<FileAgentStore>.Instance,
        new Rate(1_000_000, 1_000_000), limitPerGroup: 4);

    private static byte[] Key(int number) => [.. Enumerable.Repeat((byte)number, 32)];

    private static async Task<KnownAgent?[]> FindAsync(FileAgentStore store, PresentedAgent[] agents)
    {
        List<KnownAgent?> found = [];
        foreach (var agent in agents)
            found.Add(await store.FindAsync(Group, agent.Uuid, TestContext.Current.CancellationToken));
        return [.. found];
    }

    private static IEnumerable<string> Files(TemporaryFolder folder) =>
        Directory.GetFiles(folder.Path($"data/agents/{Group}"), "*.json").Select(file => Path.GetFileNameWithoutExtension(file));

    private static AgentReport Report() => new()
    {
        Host = new HostReport("vm", "Debian", "amd64"),
        InterfaceAddresses = [],
        Versions = new VersionReport("0.1.0", null),
        Conditions = [],
        ReportedAt = DateTimeOffset.UnixEpoch,
    };
}
