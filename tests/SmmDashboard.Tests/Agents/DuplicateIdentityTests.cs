using System.Net;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;
using SmmDashboard.DialBack;
using SmmDashboard.Tests.Running;

namespace SmmDashboard.Tests.Agents;

/// <summary>Two hosts that report under one uuid with one key: the /etc/machine-id of the template was copied as well.</summary>
public sealed class DuplicateIdentityTests : IDisposable
{
    private const string First = "127.0.0.1";
    private const string Second = "127.0.0.2";

    private readonly FakeTimeProvider _clock = new();
    private readonly TemporaryFolder _folder = new();
    private readonly LogLines _log = new();
    private readonly TestAgent _first;
    private readonly TestAgent _second;

    public DuplicateIdentityTests()
    {
        _first = new TestAgent() with { Instance = "first-host-000000" };
        _second = _first with { Instance = "second-host-00000" };
    }

    public void Dispose()
    {
        _log.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task HostSeenFirstIsKeptAndBothGetDuplicateProblem()
    {
        await using var dashboard = await StartAsync();
        await KeptAsync(dashboard, _first.Report(First));
        await KeptAsync(dashboard, _second.Report(Second)); // as after a boot

        await KeptAsync(dashboard, _first.Report(First));

        var refused = await _second.Report(Second).SendAsync(dashboard);
        refused.IsProblem(409, "duplicate-identity");
        Assert.Equal($"vm-1 at {First} and vm-1 at {Second}: one is a copy of the other, with its /etc/machine-id", refused.Detail);
        (await _first.Registration().SendAsync(dashboard)).IsProblem(409, "duplicate-identity");
        (await _first.DialBack("[16401]").SendAsync(dashboard)).IsProblem(409, "duplicate-identity");
        await KeptAsync(dashboard, _first.Report(First));
        (await _second.Report(Second).SendAsync(dashboard)).IsProblem(409, "duplicate-identity");
        Assert.Equal(
            [$"Warning: Two hosts report as agent {_first.Uuid} of vm-integration/analytics-v0, "
                + $"so one is a copy of the other: vm-1 at {First} and vm-1 at {Second}; "
                + "both agents report how to fix the copy, and only the reports of the host that was seen first are kept"],
            DuplicateEvents());
    }

    [Fact]
    public async Task CopyWithOwnUuidEndsDuplicateAtOnce()
    {
        await using var dashboard = await StartAsync();
        await DuplicateAsync(dashboard);

        var fixedAgent = new TestAgent() with { Instance = _second.Instance };
        await KeptAsync(dashboard, fixedAgent.Report(Second));

        await IsKnownAtAsync(dashboard, _first, First);
        await IsKnownAtAsync(dashboard, fixedAgent, Second);
        Assert.Equal($"Information: Only one host reports as agent {_first.Uuid} of vm-integration/analytics-v0 again",
            DuplicateEvents()[^1]);
    }

    [Fact]
    public async Task FirstHostWithOwnUuidEndsDuplicateAtOnce()
    {
        await using var dashboard = await StartAsync();
        await DuplicateAsync(dashboard);

        await KeptAsync(dashboard, (new TestAgent() with { Instance = _first.Instance }).Report(First));
        await KeptAsync(dashboard, _second.Report(Second));

        await IsKnownAtAsync(dashboard, _second, Second);
    }

    [Fact]
    public async Task StoppedHostEndsDuplicateAfterSevenMinutes()
    {
        await using var dashboard = await StartAsync();
        await DuplicateAsync(dashboard);

        _clock.Advance(TimeSpan.FromMinutes(6));
        await KeptAsync(dashboard, _first.Report(First));
        (await _first.Registration().SendAsync(dashboard)).IsProblem(409, "duplicate-identity");
        _clock.Advance(TimeSpan.FromMinutes(1));

        Assert.Equal(HttpStatusCode.OK, (await _first.Registration().SendAsync(dashboard)).Status);
        await KeptAsync(dashboard, _first.Report(First));
        await KeptAsync(dashboard, _first.Report(First));
        Assert.Equal(["Warning", "Information"], DuplicateEvents().Select(line => line.Split(':')[0]));
    }

    [Fact]
    public async Task DuplicateSurvivesRestartOfDashboard()
    {
        await using (var before = await StartAsync())
            await DuplicateAsync(before);

        await using var after = await StartAsync();

        (await _first.Registration().SendAsync(after)).IsProblem(409, "duplicate-identity");
        (await _second.Report(Second).SendAsync(after)).IsProblem(409, "duplicate-identity");
        Assert.Single(DuplicateEvents());
    }

    [Fact]
    public async Task AgentWithoutInstanceIsNeverRefused()
    {
        await using var dashboard = await StartAsync();
        var old = _first with { Instance = null };
        await DuplicateAsync(dashboard);

        await KeptAsync(dashboard, old.Report(Second));
    }

    [Theory]
    [InlineData("short")]
    [InlineData("0123456789 abcdef")]
    public async Task InvalidInstanceIsNamed(string instance)
    {
        await using var dashboard = await StartAsync();

        var answer = await (_first with { Instance = instance }).Report().SendAsync(dashboard);

        answer.IsProblem(400, "body-invalid");
        Assert.Equal($"instance: '{instance}' is not 16 to 64 letters, digits, '-' and '_'", answer.Detail);
    }

    private async Task DuplicateAsync(RunningDashboard dashboard)
    {
        foreach (var (host, address) in ((TestAgent, string)[])[(_first, First), (_second, Second), (_first, First)])
            await KeptAsync(dashboard, host.Report(address));
        (await _second.Report(Second).SendAsync(dashboard)).IsProblem(409, "duplicate-identity");
    }

    private static async Task IsKnownAtAsync(RunningDashboard dashboard, TestAgent agent, string address)
    {
        Assert.Equal(HttpStatusCode.OK, (await agent.Registration().SendAsync(dashboard)).Status);
        Assert.Equal(address, (await agent.DialBack("[16401]").SendAsync(dashboard)).Json.GetProperty("address").GetString());
    }

    private async Task KeptAsync(RunningDashboard dashboard, Call report)
    {
        // Two reports never have the same time.
        _clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(HttpStatusCode.NoContent, (await report.SendAsync(dashboard)).Status);
    }

    private List<string> DuplicateEvents() => [.. _log.Lines.Where(line => line.Contains(" as agent ", StringComparison.Ordinal))];

    private async Task<RunningDashboard> StartAsync()
    {
        var dashboard = await RunningDashboard.StartAsync(new()
        {
            Folder = _folder,
            HasData = true,
            Seams = new() { Clock = _clock, Addresses = new AddressPolicy(IPNetwork.Parse("127.0.0.0/8")) },
        });
        dashboard.App.Services.GetRequiredService<ILoggerFactory>().AddProvider(_log);
        return dashboard;
    }
}
