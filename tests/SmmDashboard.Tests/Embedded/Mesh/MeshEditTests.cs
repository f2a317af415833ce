using System.Net;
using Microsoft.Extensions.Time.Testing;
using SmmDashboard.Embedded.Mesh;
using SmmDashboard.Groups;
using SmmDashboard.Tests.Running;

namespace SmmDashboard.Tests.Embedded.Mesh;

/// <summary>An edit of the mesh description changes, serialises and wakes only the groups that differ.</summary>
public sealed class MeshEditTests
{
    private static readonly GroupId Analytics = new("vm-integration", "analytics-v0");
    private static readonly GroupId Billing = new("vm-integration", "billing-v1");

    private static string AnalyticsYaml(int port = 8080, string token = MeshYaml.Token) =>
        MeshYaml.Group("analytics-v0", token, ports: $"{{ http: {port} }}");

    private static string BillingYaml => MeshYaml.Group("billing-v1", MeshYaml.OtherToken);

    [Fact]
    public void EditOfOneGroupKeepsEntityTagsAndBytesOfOthers()
    {
        var before = Read(null, AnalyticsYaml(), BillingYaml);
        var served = new CurrentMesh(before.Settings);
        var description = new CurrentMeshDescription(before, served);
        var (analytics, billing) = (served.Find(Analytics)!, served.Find(Billing)!);

        var after = Read(before, AnalyticsYaml(port: 8081), BillingYaml);
        description.Replace(after);

        Assert.Same(before.Groups[Billing], after.Groups[Billing]);
        Assert.Same(billing, served.Find(Billing));
        Assert.True(billing.Entry.Served!.Body.Span == served.Find(Billing)!.Entry.Served!.Body.Span);
        Assert.NotSame(analytics, served.Find(Analytics));
        Assert.NotEqual(analytics.Entry.Served!.ETag, served.Find(Analytics)!.Entry.Served!.ETag);
    }

    [Fact]
    public void EditWithSameContentReplacesNoGroup()
    {
        var before = Read(null, AnalyticsYaml(), BillingYaml);
        var served = new CurrentMesh(before.Settings);
        var description = new CurrentMeshDescription(before, served);
        var snapshots = (served.Find(Analytics), served.Find(Billing));

        // Another order, a comment, a token more: what agents get is the same.
        var added = AnalyticsYaml().Replace("tokenSha256s: [", $"tokenSha256s: [ {MeshYaml.Sha256("new")},", StringComparison.Ordinal);
        description.Replace(Read(before, "  # comment\n", BillingYaml, added));

        Assert.Equal(snapshots, (served.Find(Analytics), served.Find(Billing)));
        Assert.NotNull(description.FindToken(System.Security.Cryptography.SHA256.HashData("new"u8)));
    }

    [Fact]
    public void EditOfMeshChangesAllGroups()
    {
        var before = Read(null, AnalyticsYaml(), BillingYaml);
        var after = MeshDescriptionReader.Read(
            new MeshYaml { Revision = "cp-v116x", Groups = [AnalyticsYaml(), BillingYaml] }.ToString(), before).Value!;
        Assert.All(after.Groups, group => Assert.NotEqual(before.Groups[group.Key].ETag, group.Value.ETag));
    }

    [Fact]
    public void ReadingWithPreviousDescriptionEqualsReadingWithout()
    {
        var random = new Random(20_262);
        MeshDescription? previous = null;
        for (var round = 0; round < 60; round++)
        {
            string[] groups =
            [
                .. Enumerable.Range(0, random.Next(1, 6)).Select(number => MeshYaml.Group(
                    $"group-{(random.Next(20) == 0 ? 0 : number)}", $"token-{random.Next(3)}",
                    ports: random.Next(10) == 0 ? "{ http: 0 }" : $"{{ http: {8080 + random.Next(3)} }}")),
            ];
            var yaml = new MeshYaml { Revision = $"cp-v{115 + random.Next(2)}x", Groups = groups }.ToString();
            var (with, without) = (MeshDescriptionReader.Read(yaml, previous), MeshDescriptionReader.Read(yaml));

            Assert.Equal(without.Errors, with.Errors);
            if (with.Value is not { } read)
                continue;

            Assert.Equal(
                without.Value!.Groups.Select(group => (group.Key, group.Value.ETag)),
                read.Groups.Select(group => (group.Key, group.Value.ETag)));
            Assert.Equal(Tokens(without.Value), Tokens(read));
            Assert.Equal(without.Value.Warnings, read.Warnings);
            previous = read;
        }
    }

    [Fact]
    public async Task EditOfOneGroupWakesOnlyItsAgents()
    {
        await using var dashboard = await StartAsync();
        var (analytics, billing) = (await HoldAsync(dashboard, Analytics, MeshYaml.Token),
            await HoldAsync(dashboard, Billing, MeshYaml.OtherToken));
        var snapshot = dashboard.Mesh.Find(Billing);

        dashboard.Description.Replace(Read(dashboard.Description.Mesh, AnalyticsYaml(port: 8081), BillingYaml));

        Assert.Equal(HttpStatusCode.OK, (await analytics).Status);
        Assert.Same(snapshot, dashboard.Mesh.Find(Billing));
        Assert.Equal(1, snapshot!.Waiting);
        Assert.False(billing.IsCompleted);
    }

    [Fact]
    public async Task RemovedTokenEndsItsRequestsAndKeepsThoseOfOtherTokens()
    {
        var both = AnalyticsYaml().Replace(
            "tokenSha256s: [", $"tokenSha256s: [ {MeshYaml.Sha256("second")},", StringComparison.Ordinal);
        await using var dashboard = await StartAsync(both);
        var (first, second) = (await HoldAsync(dashboard, Analytics, MeshYaml.Token), await HoldAsync(dashboard, Analytics, "second", 2));

        dashboard.Description.Replace(Read(dashboard.Description.Mesh, AnalyticsYaml(token: "second"), BillingYaml));

        (await first).IsProblem(401, "token-invalid");
        await Until.TrueAsync(() => dashboard.Mesh.Find(Analytics)!.Waiting == 1, "the other request waits again");
        Assert.False(second.IsCompleted);
    }

    private static Task<RunningDashboard> StartAsync(string? analytics = null) => RunningDashboard.StartAsync(new()
    {
        Mesh = new MeshYaml { Groups = [analytics ?? AnalyticsYaml(), BillingYaml] },
        Seams = new() { Clock = new FakeTimeProvider() },
    });

    private static async Task<Task<Answer>> HoldAsync(RunningDashboard dashboard, GroupId group, string token, int waiting = 1)
    {
        var etag = dashboard.Mesh.Find(group)!.Entry.Served!.ETag;
        var path = RunningDashboard.Group.Replace("analytics-v0", group.Name, StringComparison.Ordinal);
        var call = Call.MeshConfig(etag, "wait=300") with { Path = $"{path}/mesh-config", Token = token };
        var held = call.SendAsync(dashboard);
        await Until.TrueAsync(() => dashboard.Mesh.Find(group)!.Waiting >= waiting, "the request is held");
        return held;
    }

    private static MeshDescription Read(MeshDescription? previous, params string[] groups) =>
        MeshDescriptionReader.Read(new MeshYaml { Groups = groups }.ToString(), previous).Value!;

    private static IEnumerable<string> Tokens(MeshDescription mesh) => mesh.TokenSha256s.SelectMany(
        group => group.Value.Select(token => $"{group.Key} {Convert.ToHexString(token)}"));
}
