using System.Net;
using Microsoft.Extensions.Time.Testing;
using SmmDashboard.Admin;
using SmmDashboard.Startup;
using SmmDashboard.Tests.Running;

namespace SmmDashboard.Tests.Admin;

/// <summary>The begin and the end of event streams, with viewers that the test chooses.</summary>
public sealed class EventStreamTests
{
    private readonly FakeTimeProvider _clock = new();
    private readonly TestViewers _viewers = new();

    [Fact]
    public async Task SignOutEndsTheStream()
    {
        await using var dashboard = await StartAsync();
        var signedIn = await SignInTests.PostAsync(dashboard, "/sign-in", TestViewers.Good);
        var session = signedIn.Headers["Set-Cookie"].Split(';')[0];
        using var answer = await OpenAsync(dashboard, session, token: null);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);

        await SignInTests.PostAsync(dashboard, "/sign-out", "", session);
        await EndAsync(answer);
    }

    [Fact]
    public async Task StreamEndsProperlyWhenTheRightsCannotBeChecked()
    {
        await using var dashboard = await StartAsync();
        using var answer = await OpenAsync(dashboard, null, TestViewers.Good);
        _viewers.IsUnavailable = true;
        await EndAsync(answer);

        using var refused = await OpenAsync(dashboard, null, TestViewers.Good);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, refused.StatusCode);
    }

    [Fact]
    public async Task OneTokenCannotTakeAllStreams()
    {
        await using var dashboard = await StartAsync();
        var open = new List<HttpResponseMessage>();
        for (var i = 0; i < AdminOptions.StreamsPerToken; i++)
            open.Add(await OpenAsync(dashboard, null, TestViewers.Good));
        Assert.All(open, stream => Assert.Equal(HttpStatusCode.OK, stream.StatusCode));

        using (var refused = await OpenAsync(dashboard, null, TestViewers.Good))
            Assert.Equal(HttpStatusCode.ServiceUnavailable, refused.StatusCode);
        using (var other = await OpenAsync(dashboard, null, TestViewers.Other))
            Assert.Equal(HttpStatusCode.OK, other.StatusCode);

        open.ForEach(stream => stream.Dispose());
        await Until.TrueAsync(
            async () =>
            {
                using var again = await OpenAsync(dashboard, null, TestViewers.Good);
                return again.StatusCode == HttpStatusCode.OK;
            },
            "closed streams are free again");
    }

    [Fact]
    public async Task ViewerWithoutRightsGetsNoStream()
    {
        await using var dashboard = await StartAsync();
        using var answer = await OpenAsync(dashboard, null, TestViewers.WithoutRights);
        Assert.Equal(HttpStatusCode.Forbidden, answer.StatusCode);
        Assert.Contains(
            "no-rights", await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken), StringComparison.Ordinal);
    }

    private Task<RunningDashboard> StartAsync() => RunningDashboard.StartAsync(
        new() { HasAdmin = true, Seams = new DashboardTestHooks { Viewers = _viewers, Clock = _clock } });

    /// <summary>Expects the end of the stream, not a cut connection.</summary>
    private async Task EndAsync(HttpResponseMessage stream)
    {
        var rest = stream.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        await Until.TrueAsync(
            () =>
            {
                _clock.Advance(TimeSpan.FromSeconds(15));
                return Task.FromResult(rest.IsCompleted);
            },
            "the stream ends");
        Assert.Contains("event: ready", await rest, StringComparison.Ordinal);
    }

    private static async Task<HttpResponseMessage> OpenAsync(RunningDashboard dashboard, string? cookie, string? token)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(dashboard.AdminAddress, "/v1/events"));
        if (cookie is not null)
            request.Headers.TryAddWithoutValidation("Cookie", cookie);
        if (token is not null)
            request.Headers.TryAddWithoutValidation("Authorization", $"Bearer {token}");
        return await dashboard.Client.SendAsync(
            request, HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);
    }
}
