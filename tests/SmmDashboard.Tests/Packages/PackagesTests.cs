using System.Net;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Microsoft.Extensions.DependencyInjection;
using SmmDashboard.Packages;
using SmmDashboard.Tests.Running;

namespace SmmDashboard.Tests.Packages;

public sealed partial class PackagesTests
{
    private const string Package = "istio-sidecar_1.15.3~rc1+b_amd64.deb";

    [Fact]
    public async Task PackageHasStrongEntityTagOfContent()
    {
        await using var dashboard = await StartAsync();
        var answer = await Call.Get($"/packages/{Package}").SendAsync(dashboard);
        Assert.Equal(HttpStatusCode.OK, answer.Status);
        Assert.Equal("0123456789", answer.Text);
        var etag = $"\"{Convert.ToHexStringLower(SHA256.HashData("0123456789"u8))}\"";
        Assert.Equal(etag, answer.Headers["ETag"]);
        var again = await (Call.Get($"/packages/{Package}") with { Headers = new Dictionary<string, string> { ["If-None-Match"] = etag } })
            .SendAsync(dashboard);
        Assert.Equal(HttpStatusCode.NotModified, again.Status);

        dashboard.Folder.Replace($"packages/{Package}", "9876543210");
        Assert.NotEqual(etag, (await Call.Get($"/packages/{Package}").SendAsync(dashboard)).Headers["ETag"]);
    }

    [Theory]
    [InlineData("bytes=2-4", 206, "234")]
    [InlineData("bytes=-3", 206, "789")]
    [InlineData("bytes=8-", 206, "89")]
    [InlineData("Bytes=2-4", 206, "234")]
    [InlineData("=1-2", 200, "0123456789")]
    [InlineData("bytes", 200, "0123456789")]
    public async Task RangeIsServed(string range, int status, string text)
    {
        await using var dashboard = await StartAsync();
        var answer = await Range(range).SendAsync(dashboard);
        Assert.Equal(status, (int)answer.Status);
        Assert.Equal(text, answer.Text);
    }

    [Theory]
    [InlineData("bytes=99-")]
    [InlineData("lines=1-2")]
    [InlineData("bites=0-1")]
    public async Task RangeBehindEndOrOfOtherUnitIsProblem(string range)
    {
        await using var dashboard = await StartAsync();
        var answer = await Range(range).SendAsync(dashboard);
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
    [InlineData("fifo")]
    [InlineData("device")]
    [InlineData("smm-agent_1.0.0_amd64.deb")]
    [InlineData("a%00b")]
    [InlineData("a%0Ab")]
    [InlineData("a%5cb")]
    public async Task OtherFilesAreNotServed(string name)
    {
        await using var dashboard = await StartAsync();
        dashboard.Folder.Write("packages/.hidden", "x");
        Directory.CreateDirectory(dashboard.Folder.Path("packages/folder"));
        File.CreateSymbolicLink(dashboard.Folder.Path("packages/outside.deb"), "../mesh.yaml");
        // Reading either of them never ends and would block the request and the list of packages forever.
        foreach (var fifo in (string[])["fifo", "smm-agent_1.0.0_amd64.deb", "istio-sidecar_1.0.0_amd64.deb"])
            Assert.Equal(0, MakeFifo(dashboard.Folder.Path($"packages/{fifo}"), Convert.ToUInt32("600", 8)));
        File.CreateSymbolicLink(dashboard.Folder.Path("packages/device"), "/dev/zero");
        Assert.Equal(HttpStatusCode.NotFound, (await Call.Get("/get/smm-agent").SendAsync(dashboard)).Status);
        Assert.DoesNotContain(
            await dashboard.App.Services.GetRequiredService<SidecarPackages>().ListAsync(TestContext.Current.CancellationToken), package =>
                package.Version == "1.0.0");
        var answer = await Call.Get($"/packages/{name}").SendAsync(dashboard);
        Assert.True(answer.Status is HttpStatusCode.NotFound or HttpStatusCode.BadRequest, $"{answer.Status}");
        if (name != "a%00b") // Kestrel refuses a NUL itself
            answer.IsProblem(404, "not-found");
    }

    [Fact]
    public async Task LinkInsideFolderIsServed()
    {
        await using var dashboard = await StartAsync();
        File.CreateSymbolicLink(dashboard.Folder.Path("packages/latest.deb"), Package);
        Assert.Equal("0123456789", (await Call.Get("/packages/latest.deb").SendAsync(dashboard)).Text);
    }

    [LibraryImport("libc", EntryPoint = "mkfifo", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int MakeFifo(string path, uint mode);

    private static Call Range(string range) =>
        Call.Get($"/packages/{Package}") with { Headers = new Dictionary<string, string> { ["Range"] = range } };

    private static async Task<RunningDashboard> StartAsync()
    {
        var dashboard = await RunningDashboard.StartAsync();
        dashboard.Folder.Write($"packages/{Package}", "0123456789");
        return dashboard;
    }
}
