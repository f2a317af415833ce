using SmmAgent.Core.Conditions;
using SmmAgent.Core.Settings;
using SmmAgent.Daemon.Mesh;
using SmmAgent.Linux.Dashboard;

namespace SmmAgent.Tests.Daemon.Mesh;

public sealed class MeshConfigLoopTests : IAsyncLifetime
{
    private readonly AgentUnderTest _agent = new();
    private readonly MeshConfigService _service;

    public MeshConfigLoopTests() => _service = _agent.MeshConfigService();

    public async ValueTask InitializeAsync() => await _service.StartAsync(TestContext.Current.CancellationToken);

    public async ValueTask DisposeAsync()
    {
        await _service.StopAsync(CancellationToken.None);
        _service.Dispose();
        await _agent.DisposeAsync();
    }

    [Fact]
    public async Task AfterTheFirstAnswerTheDashboardHoldsTheRequest()
    {
        var first = await AnswerAsync(Sample.Ok(Sample.ConfigText()));
        var second = await AnswerAsync(Sample.Ok(Sample.ConfigText(9000), "\"2\""));
        var third = await _agent.Server.NextAsync();

        Assert.Equal((null, "wait=50", "wait=50"), (first.Header("Prefer"), second.Header("Prefer"), third.Header("Prefer")));
        Assert.Equal("\"2\"", third.Header("If-None-Match"));
        Assert.Equal(9000, _agent.MeshConfig.Value.Config!.WorkloadGroup.Ports["http"]);
    }

    [Fact]
    public async Task DashboardThatIgnoresTheWaitIsNotPolledWithoutAPause()
    {
        await AnswerAsync(Sample.Ok(Sample.ConfigText()));
        await AnswerAsync(Sample.NotModified());
        _agent.Time.Advance(await _agent.Time.NextWaitAsync(Deadlines));
        await AnswerAsync(Sample.NotModified());

        Assert.Equal(MeshConfigService.IntervalWithoutLongPoll, await _agent.Time.NextWaitAsync(Deadlines));
        Assert.Equal(3, _agent.Server.Count);
    }

    [Fact]
    public async Task ADashboardThatGoesAwayAndAnswersEarlyIsAskedAgainAfterASecond()
    {
        await AnswerAsync(Sample.Ok(Sample.ConfigText()));
        await AnswerAsync(Sample.NotModified());

        Assert.Equal(TimeSpan.FromSeconds(1), await _agent.Time.NextWaitAsync(Deadlines));
    }

    [Fact]
    public async Task DashboardThatChangesContinuouslyIsFollowedMoreSlowly()
    {
        for (var i = 0; i <= PollPaceBurst; i++)
            await AnswerAsync(Sample.Ok(Sample.ConfigText(), $"\"{i}\""));

        Assert.Equal(TimeSpan.FromSeconds(5), await _agent.Time.NextWaitAsync(Deadlines));
    }

    [Fact]
    public async Task RetryAfterIsHonoured()
    {
        await AnswerAsync(Sample.Problem("429 Too Many Requests", "too-many-requests", "", "Retry-After: 120\r\n"));

        Assert.Equal(TimeSpan.FromSeconds(126), await _agent.Time.NextWaitAsync(Deadlines)); // 120 s and 5 % of jitter
        _agent.Time.Advance(TimeSpan.FromSeconds(125));
        Assert.Equal(1, _agent.Server.Count);
        _agent.Time.Advance(TimeSpan.FromSeconds(1));
        await AnswerAsync(Sample.Ok(Sample.ConfigText()));
    }

    [Fact]
    public async Task AFailureIsTriedAgainAfterABackoff()
    {
        await AnswerAsync(RawServer.Answer("500 Internal Server Error", ""));

        var wait = await _agent.Time.NextWaitAsync(Deadlines);
        _agent.Time.Advance(wait);
        await AnswerAsync(Sample.Ok(Sample.ConfigText()));
        await _agent.Server.NextAsync();

        Assert.Equal(ConditionStatus.True, _agent.MeshConfig.Value.ConfigCurrent.Status);
    }

    [Fact]
    public async Task ASettingsChangeEndsALongPollAndAsksTheNewDashboardAtOnceWithNeverTwoRequestsAtATime()
    {
        await AnswerAsync(Sample.Ok(Sample.ConfigText()));
        var held = await _agent.Server.NextAsync();
        await using var other = new RawServer();

        _agent.Settings.Publish(new SettingsState(AgentUnderTest.Good(other.Url), [], []));

        var request = await other.NextAsync();
        Assert.True(held.IsAbandoned);
        Assert.Null(request.Header("If-None-Match"));
        held.Close();
        request.Close();
    }

    [Fact]
    public async Task ASettingsChangeEndsABackoff()
    {
        await AnswerAsync(Sample.Problem("401 Unauthorized", "token-invalid", "", "Retry-After: 3600\r\n"));
        await _agent.Time.NextWaitAsync(Deadlines);

        _agent.Settings.Publish(_agent.Settings.Value with { CredentialStamp = "a new token" });

        await AnswerAsync(Sample.Ok(Sample.ConfigText()));
    }

    [Fact]
    public async Task ManySignalsNeverCauseTwoRequestsAtATime()
    {
        RawRequest? before = null;
        for (var i = 0; i < 20; i++)
        {
            _agent.Settings.Publish(_agent.Settings.Value with { CredentialStamp = $"{i}" });
            _service.Signal.Set();
            // At most one of two concurrent requests is awaited: the older one was cancelled.
            var request = await _agent.Server.NextAsync();
            Assert.True(before?.IsAbandoned ?? true);
            before?.Close();
            before = request;
        }
    }

    [Theory]
    [InlineData("504", 30, "wait=25")]
    [InlineData("502", 20, "wait=12")]
    [InlineData("503", 7, "wait=6")]
    [InlineData("408", 10, "wait=6")]
    [InlineData("499", 10, "wait=6")]
    [InlineData("522", 30, "wait=25")]
    [InlineData("524", 30, "wait=25")]
    [InlineData(null, 30, "wait=25")]
    [InlineData("reset", 10, "wait=6")]
    public async Task RequestThatIsCutOffShortensTheNextOnesAndIsNoFailure(string? status, int after, string wait)
    {
        await AnswerAsync(Sample.Ok(Sample.ConfigText()));
        await CutAsync(status, after);
        var current = _agent.MeshConfig.Value.ConfigCurrent;

        // A broken connection is replaced a few times without a log entry.
        var shortOne = await _agent.Server.NextAsync();
        while (status is null or "reset" && shortOne.Header("Prefer") is not null)
        {
            shortOne.Close();
            shortOne = await _agent.Server.NextAsync();
        }

        Assert.Null(shortOne.Header("Prefer"));
        await shortOne.SendAsync(Sample.NotModified());
        Assert.Equal(ConditionStatus.True, current.Status);
        Assert.Equal(wait, (await _agent.Server.NextAsync()).Header("Prefer"));
    }

    [Fact]
    public async Task AServerErrorThatComesAtOnceOrAgainIsAFailure()
    {
        await AnswerAsync(Sample.Ok(Sample.ConfigText()));
        await CutAsync("504", 30);
        await AnswerAsync(RawServer.Answer("504 Gateway Timeout", ""));
        await _agent.Time.NextWaitAsync(Deadlines);

        Assert.Equal("DashboardError", _agent.MeshConfig.Value.ConfigCurrent.Reason);
    }

    private async Task CutAsync(string? status, int after)
    {
        var request = await _agent.Server.NextAsync();
        _agent.Time.Advance(TimeSpan.FromSeconds(after));
        if (status is null)
            request.Close();
        else if (status == "reset")
            request.Reset();
        else
            await request.SendAsync(
                RawServer.Answer($"{status} Something", "{\"code\":\"UpstreamTimeout\"}", "Content-Type: application/json\r\n"));
    }

    private const int PollPaceBurst = 20;

    private static TimeSpan[] Deadlines => [DashboardClient.Deadline, DashboardClient.Deadline + MeshConfigService.LongPoll];

    private async Task<RawRequest> AnswerAsync(string answer)
    {
        var request = await _agent.Server.NextAsync();
        await request.SendAsync(answer);
        return request;
    }
}
