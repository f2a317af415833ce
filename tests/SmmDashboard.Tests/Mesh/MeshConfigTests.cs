using System.Net;
using Microsoft.Extensions.Time.Testing;
using SmmAgent.Contract;
using SmmDashboard.Embedded.Mesh;
using SmmDashboard.Groups;
using SmmDashboard.Tests.Running;

namespace SmmDashboard.Tests.Mesh;

public sealed class MeshConfigTests
{
    private static readonly GroupId Analytics = new("vm-integration", "analytics-v0");

    private static MeshDescription Changed => MeshDescriptionReader.Read(new MeshYaml { Revision = "cp-v116x" }.ToString()).Value!;

    [Fact]
    public async Task ConfigurationHasStrongEntityTagAndIsNotCachedByProxies()
    {
        await using var dashboard = await RunningDashboard.StartAsync();
        var answer = await Call.MeshConfig().SendAsync(dashboard);
        Assert.Equal(HttpStatusCode.OK, answer.Status);
        Assert.Equal("application/json", answer.MediaType);
        Assert.Empty(MeshConfigReader.Read(answer.Content).Errors);
        Assert.StartsWith("\"", answer.Headers["ETag"], StringComparison.Ordinal);
        Assert.Contains("no-store", answer.Headers["Cache-Control"], StringComparison.Ordinal);
        Assert.Contains("private", answer.Headers["Cache-Control"], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{0}")]
    [InlineData("W/{0}")]
    [InlineData("\"x\", {0}")]
    [InlineData("*")]
    public async Task UnchangedConfigurationIs304(string header)
    {
        await using var dashboard = await RunningDashboard.StartAsync();
        var etag = (await Call.MeshConfig().SendAsync(dashboard)).Headers["ETag"];
        var answer = await Call.MeshConfig(header.Replace("{0}", etag, StringComparison.Ordinal)).SendAsync(dashboard);
        Assert.Equal(HttpStatusCode.NotModified, answer.Status);
        Assert.Equal(etag, answer.Headers["ETag"]);
        Assert.Empty(answer.Content);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("\"another\"")]
    public async Task RequestWithoutCurrentTagIsAnsweredAtOnce(string? etag)
    {
        // The clock does not advance, so a wait would never end.
        await using var dashboard = await RunningDashboard.StartAsync(new() { Seams = new() { Clock = new FakeTimeProvider() } });
        Assert.Equal(HttpStatusCode.OK, (await Call.MeshConfig(etag, "wait=300").SendAsync(dashboard)).Status);
    }

    [Fact]
    public async Task WaitEndsWhenConfigurationChanges()
    {
        await using var dashboard = await RunningDashboard.StartAsync(new() { Seams = new() { Clock = new FakeTimeProvider() } });
        var etag = (await Call.MeshConfig().SendAsync(dashboard)).Headers["ETag"];
        var held = Call.MeshConfig(etag, "wait=999").SendAsync(dashboard);
        var any = Call.MeshConfig("*", "wait=20").SendAsync(dashboard);
        await WaitersAsync(dashboard, 2);
        dashboard.Description.Replace(Changed);
        var answer = await held;
        Assert.Equal(HttpStatusCode.OK, answer.Status);
        Assert.Equal("wait=300", answer.Headers["Preference-Applied"]);
        Assert.Equal("cp-v116x", MeshConfigReader.Read(answer.Content).Value!.Mesh.IstioRevision);
        Assert.Equal(HttpStatusCode.OK, (await any).Status);
    }

    [Fact]
    public async Task WaitIgnoresOtherGroupsAndEndsAfterItsTime()
    {
        var clock = new FakeTimeProvider();
        await using var dashboard = await RunningDashboard.StartAsync(new() { Seams = new() { Clock = clock } });
        var etag = (await Call.MeshConfig().SendAsync(dashboard)).Headers["ETag"];
        var held = Call.MeshConfig(etag, "wait=30").SendAsync(dashboard);
        await WaitersAsync(dashboard, 1);
        var mesh = new MeshYaml { Groups = [MeshYaml.Group("analytics-v0", MeshYaml.Token), MeshYaml.Group("new", MeshYaml.OtherToken)] };
        dashboard.Description.Replace(MeshDescriptionReader.Read(mesh.ToString()).Value!);
        await WaitersAsync(dashboard, 1);
        Assert.False(held.IsCompleted);
        clock.Advance(TimeSpan.FromSeconds(31));
        var answer = await held;
        Assert.Equal(HttpStatusCode.NotModified, answer.Status);
        Assert.Equal("wait=30", answer.Headers["Preference-Applied"]);
    }

    [Fact]
    public async Task WaitEndsWith401WhenTokenIsRemoved()
    {
        await using var dashboard = await RunningDashboard.StartAsync(new() { Seams = new() { Clock = new FakeTimeProvider() } });
        var etag = (await Call.MeshConfig().SendAsync(dashboard)).Headers["ETag"];
        var held = Call.MeshConfig(etag, "wait=30").SendAsync(dashboard);
        await WaitersAsync(dashboard, 1);
        var mesh = new MeshYaml { Groups = [MeshYaml.Group("analytics-v0", "another token")] };
        dashboard.Description.Replace(MeshDescriptionReader.Read(mesh.ToString()).Value!);
        (await held).IsProblem(401, "token-invalid");
    }

    [Fact]
    public async Task StopEndsWaits()
    {
        var dashboard = await RunningDashboard.StartAsync(new() { Seams = new() { Clock = new FakeTimeProvider() } });
        await using var started = dashboard;
        var etag = (await Call.MeshConfig().SendAsync(dashboard)).Headers["ETag"];
        var held = Call.MeshConfig(etag, "wait=300").SendAsync(dashboard);
        await WaitersAsync(dashboard, 1);
        await dashboard.App.StopAsync(TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.NotModified, (await held).Status);
    }

    /// <summary>Waits until the current snapshot holds that many requests.</summary>
    private static Task WaitersAsync(RunningDashboard dashboard, int count) => Until.TrueAsync(
        () => dashboard.Mesh.Find(Analytics)!.Waiting >= count, $"{count} requests are held", lastSeen: () =>
            $"{dashboard.Mesh.Find(Analytics)!.Waiting} are");
}
