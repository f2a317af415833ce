using System.Net;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;
using SmmDashboard.Admin.Machines;
using SmmDashboard.Agents;
using SmmDashboard.Embedded.Agents;
using SmmDashboard.Tests.Running;

namespace SmmDashboard.Tests.Agents;

/// <summary>The last report of an agent that was detached, in the embedded mode.</summary>
public sealed class DetachTests : IDisposable
{
    private readonly FakeTimeProvider _clock = new();
    private readonly TemporaryFolder _folder = new();
    private readonly LogLines _log = new();

    public void Dispose()
    {
        _log.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task DetachedAgentIsLoggedOnceAndShownUntilItReportsAgain()
    {
        await using var dashboard = await StartAsync();
        var agent = new TestAgent();
        await KeptAsync(dashboard, agent.Report());

        await KeptAsync(dashboard, Detach(agent));
        await KeptAsync(dashboard, Detach(agent));

        var machine = Assert.Single(Machines(dashboard));
        Assert.Equal(MachineState.Detached, MachineVerdict.Evaluate(machine, _clock.GetUtcNow()).State);
        Assert.Equal("198.18.0.7", $"{machine.Address}");
        _clock.Advance(TimeSpan.FromHours(1));
        Assert.Equal(MachineState.Detached, MachineVerdict.Evaluate(Assert.Single(Machines(dashboard)), _clock.GetUtcNow()).State);
        Assert.Equal("[]", await GetAsync(dashboard, "/targets"));
        var metrics = await GetAsync(dashboard, "/metrics");
        Assert.Contains("smm_dashboard_agents{state=\"detached\"} 1\n", metrics, StringComparison.Ordinal);
        Assert.Contains("smm_dashboard_agents{state=\"silent\"} 0\n", metrics, StringComparison.Ordinal);

        await KeptAsync(dashboard, agent.Report());

        Assert.Equal(MachineState.Attached, MachineVerdict.Evaluate(Assert.Single(Machines(dashboard)), _clock.GetUtcNow()).State);
        Assert.Equal(
            [
                $"Information: Agent {agent.Uuid} of vm-integration/analytics-v0 on vm-1 was detached "
                    + "(and 0 others since the last such message)",
                $"Information: Agent {agent.Uuid} of vm-integration/analytics-v0 on vm-1 reports again after it was detached "
                    + "(and 0 others since the last such message)",
            ],
            _log.Lines.Where(line => line.Contains("detached", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task OnlyTheOwnerOfTheUuidMayReportADetach()
    {
        await using var dashboard = await StartAsync();
        var agent = new TestAgent();
        await KeptAsync(dashboard, agent.Report());

        (await Detach(new TestAgent() with { Uuid = agent.Uuid }).SendAsync(dashboard)).IsProblem(403, "agent-key-mismatch");
        (await (Detach(agent) with { Token = "another" }).SendAsync(dashboard)).IsProblem(401, "token-invalid");
        Assert.False(Assert.Single(Machines(dashboard)).IsDetached);
    }

    [Fact]
    public async Task DetachOfAnUnknownAgentCreatesNothing()
    {
        await using var dashboard = await StartAsync();
        var agent = new TestAgent();

        await KeptAsync(dashboard, Detach(agent));

        Assert.Empty(Machines(dashboard));
        (await agent.Registration().SendAsync(dashboard)).IsProblem(409, "no-report");
        // The uuid was not bound to the key.
        await KeptAsync(dashboard, (new TestAgent() with { Uuid = agent.Uuid }).Report());
    }

    [Fact]
    public async Task DetachedAgentIsForgottenAfterADayAlsoAfterARestart()
    {
        var (detached, attached) = (new TestAgent(), new TestAgent());
        await using (var dashboard = await StartAsync())
        {
            await KeptAsync(dashboard, attached.Report());
            await KeptAsync(dashboard, detached.Report());
            await KeptAsync(dashboard, Detach(detached));
            _clock.Advance(TimeSpan.FromHours(23));
            Assert.Equal(2, Machines(dashboard).Count);
        }

        await using var again = await StartAsync();
        await Until.TrueAsync(() => Machines(again).Count == 2, "the files are read");
        Assert.Single(Machines(again), machine => machine.IsDetached);

        _clock.Advance(TimeSpan.FromHours(1));

        Assert.Equal($"{attached.Uuid}", Assert.Single(Machines(again)).Id);
        Assert.Single(
            Directory.EnumerateFiles(_folder.Path("data"), "*.json", SearchOption.AllDirectories),
            file => Guid.TryParse(Path.GetFileNameWithoutExtension(file), out _));
        // Detached again after it was forgotten, it stays forgotten.
        await KeptAsync(again, Detach(detached));
        Assert.Single(Machines(again));
    }

    [Fact]
    public async Task DetachOfOneOfTwoHostsEndsTheConflict()
    {
        await using var dashboard = await StartAsync();
        var first = new TestAgent() with { Instance = "first-host-000000" };
        var second = first with { Instance = "second-host-00000" };
        foreach (var host in (TestAgent[])[first, second, first])
            await KeptAsync(dashboard, host.Report());

        (await Detach(second).SendAsync(dashboard)).IsProblem(409, "duplicate-identity");
        Assert.False(Assert.Single(Machines(dashboard)).IsDetached);

        await KeptAsync(dashboard, Detach(first));
        Assert.True(Assert.Single(Machines(dashboard)).IsDetached);
        await KeptAsync(dashboard, second.Report());
        Assert.False(Assert.Single(Machines(dashboard)).IsDetached);
    }

    [Fact]
    public async Task DetachedAgentIsTheFirstThatAFullGroupForgets()
    {
        await using var dashboard = await StartAsync(limit: 2);
        var (silent, detached, next) = (new TestAgent(), new TestAgent(), new TestAgent());
        await KeptAsync(dashboard, silent.Report());
        await KeptAsync(dashboard, detached.Report("198.18.0.8"));
        detached.Prove(dashboard);
        await KeptAsync(dashboard, Detach(detached));

        await KeptAsync(dashboard, next.Report("198.18.0.9"));

        Assert.Equal(new[] { $"{silent.Uuid}", $"{next.Uuid}" }.Order(), Machines(dashboard).Select(machine => machine.Id).Order());
        Assert.DoesNotContain(_log.Lines, line => line.Contains("to admit a new one", StringComparison.Ordinal));
    }

    [Fact]
    public async Task MarkThatIsNotABooleanIs400()
    {
        await using var dashboard = await StartAsync();
        var call = Detach(new TestAgent());

        var body = call.Body!.Replace("\"detached\": true", "\"detached\": \"yes\"", StringComparison.Ordinal);
        var answer = await (call with { Body = body }).SendAsync(dashboard);

        answer.IsProblem(400, "body-invalid");
        Assert.Contains("detached: is a string, not true or false", answer.Detail, StringComparison.Ordinal);
    }

    private static Call Detach(TestAgent agent)
    {
        var call = agent.Report();
        return call with { Body = call.Body!.TrimEnd()[..^1] + ", \"detached\": true }" };
    }

    private static List<ObservedMachine> Machines(RunningDashboard dashboard) =>
        [.. dashboard.App.Services.GetRequiredService<FileAgentStore>().Machines];

    private static async Task<string> GetAsync(RunningDashboard dashboard, string path) =>
        (await (Call.Get($"{new Uri(dashboard.StatusAddress, path)}") with { Token = null }).SendAsync(dashboard)).Text;

    private async Task KeptAsync(RunningDashboard dashboard, Call report)
    {
        // Two reports never have the same time.
        _clock.Advance(TimeSpan.FromSeconds(1));
        var answer = await report.SendAsync(dashboard);
        Assert.True(answer.Status == HttpStatusCode.NoContent, answer.Text);
    }

    private async Task<RunningDashboard> StartAsync(int limit = FileAgentStore.DefaultLimit)
    {
        var dashboard = await RunningDashboard.StartAsync(new()
        {
            Folder = _folder,
            HasData = true,
            HasStatus = true,
            AgentsPerGroup = limit,
            Seams = new() { Clock = _clock },
        });
        dashboard.App.Services.GetRequiredService<ILoggerFactory>().AddProvider(_log);
        return dashboard;
    }
}
