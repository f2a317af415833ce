using System.Net;
using System.Security.Cryptography;
using SmmDashboard.Tests.Running;

namespace SmmDashboard.Tests.Packages;

public sealed class PackagesTests
{
    private const string Package = "istio-sidecar_1.15.3~rc1+b_amd64.deb";

    [Fact]
    public async Task APackageCarriesAStrongTagOfItsContent()
    {
        await using var dashboard = await StartAsync();
        var answer = await Call.Get($"/packages/{Package}").SendAsync(dashboard);
        Assert.Equal(HttpStatusCode.OK, answer.Status);
        Assert.Equal("0123456789", answer.Text);
        var etag = $"\"{Convert.ToHexStringLower(SHA256.HashData("0123456789"u8))}\"";
        Assert.Equal(etag, answer.Headers["ETag"]);
        var again = await (Call.Get($"/packages/{Package}") with { Headers = new Dictionary<string, string> { ["If-None-Match"] = etag } }).SendAsync(dashboard);
        Assert.Equal(HttpStatusCode.NotModified, again.Status);

        dashboard.Folder.Replace($"packages/{Package}", "9876543210");
        Assert.NotEqual(etag, (await Call.Get($"/packages/{Package}").SendAsync(dashboard)).Headers["ETag"]);
    }

    [Theory]
    [InlineData("bytes=2-4", 206, "234")]
    [InlineData("bytes=-3", 206, "789")]
    [InlineData("bytes=8-", 206, "89")]
    public async Task ARangeIsServed(string range, int status, string text)
    {
        await using var dashboard = await StartAsync();
        var answer = await Range(range).SendAsync(dashboard);
        Assert.Equal(status, (int)answer.Status);
        Assert.Equal(text, answer.Text);
    }

    [Fact]
    public async Task ARangeBehindTheEndIsAProblem()
    {
        await using var dashboard = await StartAsync();
        var answer = await Range("bytes=99-").SendAsync(dashboard);
        answer.IsProblem(416, "range-not-satisfiable");
        Assert.Equal("bytes */10", answer.Headers["Content-Range"]);
    }

    [Theory]
    [InlineData("nothing.deb")]
    [InlineData("..%2fmesh.yaml")]
    [InlineData("%2e%2e")]
    [InlineData(".hidden")]
    [InlineData("folder")]
    [InlineData("outside.deb")]
    [InlineData("a%00b")]
    [InlineData("a%0Ab")]
    [InlineData("a%5cb")]
    public async Task NothingElseIsServed(string name)
    {
        await using var dashboard = await StartAsync();
        dashboard.Folder.Write("packages/.hidden", "x");
        Directory.CreateDirectory(dashboard.Folder.Path("packages/folder"));
        File.CreateSymbolicLink(dashboard.Folder.Path("packages/outside.deb"), "../mesh.yaml");
        var answer = await Call.Get($"/packages/{name}").SendAsync(dashboard);
        Assert.True(answer.Status is HttpStatusCode.NotFound or HttpStatusCode.BadRequest, $"{answer.Status}");
        if (name != "a%00b") // Kestrel refuses a NUL itself
            answer.IsProblem(404, "not-found");
    }

    [Fact]
    public async Task ALinkWithinTheFolderIsServed()
    {
        await using var dashboard = await StartAsync();
        File.CreateSymbolicLink(dashboard.Folder.Path("packages/latest.deb"), Package);
        Assert.Equal("0123456789", (await Call.Get("/packages/latest.deb").SendAsync(dashboard)).Text);
    }

    private static Call Range(string range) =>
        Call.Get($"/packages/{Package}") with { Headers = new Dictionary<string, string> { ["Range"] = range } };

    private static async Task<RunningDashboard> StartAsync()
    {
        var dashboard = await RunningDashboard.StartAsync();
        dashboard.Folder.Write($"packages/{Package}", "0123456789");
        return dashboard;
    }
}
