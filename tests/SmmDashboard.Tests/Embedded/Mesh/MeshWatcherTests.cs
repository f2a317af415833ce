using System.Runtime.InteropServices;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using SmmDashboard.Embedded.Mesh;
using SmmDashboard.Groups;
using SmmDashboard.Tests.Running;

namespace SmmDashboard.Tests.Embedded.Mesh;

public sealed partial class MeshWatcherTests
{
    private static readonly GroupId Analytics = new("vm-integration", "analytics-v0");
    private static readonly string NewYaml = new MeshYaml { Revision = "cp-v116x" }.ToString();

    [Fact]
    public async Task FileRenamedOverOldOneIsServed()
    {
        await using var dashboard = await RunningDashboard.StartAsync();
        dashboard.Folder.Replace(RunningDashboard.MeshFileName, NewYaml);
        await RevisionAsync(dashboard, "cp-v116x");
    }

    [Fact]
    public async Task FileWrittenInPlaceIsServed()
    {
        await using var dashboard = await RunningDashboard.StartAsync();
        dashboard.Folder.Write(RunningDashboard.MeshFileName, NewYaml);
        await RevisionAsync(dashboard, "cp-v116x");
    }

    [Fact]
    public async Task ConfigMapLinkSwapIsServed()
    {
        using var folder = new TemporaryFolder();
        folder.Write("..one/mesh.yaml", new MeshYaml().ToString());
        folder.Write("..two/mesh.yaml", NewYaml);
        File.CreateSymbolicLink(folder.Path("..data"), "..one");
        File.CreateSymbolicLink(folder.Path(RunningDashboard.MeshFileName), "..data/mesh.yaml");
        await using var dashboard = await RunningDashboard.StartAsync(new() { Folder = folder });
        File.CreateSymbolicLink(folder.Path("..data_tmp"), "..two");
        Assert.Equal(0, Rename(folder.Path("..data_tmp"), folder.Path("..data"))); // File.Move would follow the link
        await RevisionAsync(dashboard, "cp-v116x");
    }

    [Fact]
    public async Task InvalidEditIsIgnoredAndNextValidOneIsServed()
    {
        await using var dashboard = await RunningDashboard.StartAsync();
        var watcher = dashboard.App.Services.GetServices<IHostedService>().OfType<MeshWatcher>().Single();
        await watcher.StopAsync(TestContext.Current.CancellationToken); // from here on only the test reads the file
        watcher.Reload();
        var before = dashboard.Mesh.Find(Analytics);

        dashboard.Folder.Replace(RunningDashboard.MeshFileName, NewYaml.Replace("http: 8080", "http: 0", StringComparison.Ordinal));
        Assert.False(watcher.Reload());
        Assert.Same(before, dashboard.Mesh.Find(Analytics));
        File.Delete(dashboard.Folder.Path(RunningDashboard.MeshFileName));
        Assert.False(watcher.Reload());
        Assert.Same(before, dashboard.Mesh.Find(Analytics));

        dashboard.Folder.Replace(RunningDashboard.MeshFileName, NewYaml);
        Assert.True(watcher.Reload());
        Assert.Equal("cp-v116x", dashboard.Mesh.Find(Analytics)!.Entry.Served!.Config.Mesh.IstioRevision);
        Assert.False(watcher.Reload());
    }

    [Fact]
    public async Task InvalidTextNeitherEndsProcessNorReplacesLastValidVersion()
    {
        await using var dashboard = await RunningDashboard.StartAsync();
        var watcher = dashboard.App.Services.GetServices<IHostedService>().OfType<MeshWatcher>().Single();
        await watcher.StopAsync(TestContext.Current.CancellationToken);
        watcher.Reload();
        var before = dashboard.Mesh.Find(Analytics);
        var aliases = "x0: &x0 [a,a]\n" + string.Concat(Enumerable.Range(1, 40).Select(i => $"x{i}: &x{i} [*x{i - 1},*x{i - 1}]\n"));
        string[] texts =
        [
            "\": {\n1\"\n", "publicUrl: !!binary[ x\n", NewYaml.Replace("proxyMetadata: {}", "proxyMetadata: {", StringComparison.Ordinal),
                aliases, aliases + "? *x40\n: *x40\n",
            "a: " + new string('[', 50_000), string.Concat(Enumerable.Repeat("{a: ", 50_000)),
                string.Concat(Enumerable.Repeat("- ", 50_000)),
            string.Concat(Enumerable.Repeat("? ", 50_000)), "\"\\ud800\": 1\n", "publicUrl: \"\\udc00\"\n", "", "1", "[]", "null",
            NewYaml + "colour: &c red\n", NewYaml + "colour: !red x\n", NewYaml + "publicUrl: https://other.example.com\n", NewYaml
                + "\"\\udbff\": 1\n",
            .. OddTypes(),
        ];
        foreach (var text in texts)
        {
            dashboard.Folder.Replace(RunningDashboard.MeshFileName, text);
            Assert.False(watcher.Reload(), text[..Math.Min(200, text.Length)]);
            Assert.Same(before, dashboard.Mesh.Find(Analytics));
        }

        dashboard.Folder.Replace(RunningDashboard.MeshFileName, NewYaml);
        Assert.True(watcher.Reload());
    }

    // Each member with a value of every other kind.
    private static IEnumerable<string> OddTypes() =>
        from member in (string[])["publicUrl", "mesh", "meshExpansionGateways", "groups"]
        from value in (string[])["[]", "[1]", "{}", "{a: 1}", "[[]]", "[null]", "null", "1", "true", "''"]
        where !(value == "[]" && member is "groups" or "meshExpansionGateways")
        select string.Join('\n', NewYaml.Split('\n').Select(line => line.StartsWith(member + ":", StringComparison.Ordinal)
            ? $"{member}: {value}\nrest:" : line));

    [LibraryImport("libc", EntryPoint = "rename", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Rename(string from, string to);

    private static async Task RevisionAsync(RunningDashboard dashboard, string revision)
    {
        while (true)
        {
            var snapshot = dashboard.Mesh.Find(Analytics)!;
            if (snapshot.Entry.Served!.Config.Mesh.IstioRevision == revision)
                return;

            await snapshot.WaitAsync(TimeSpan.FromSeconds(30), TimeProvider.System, TestContext.Current.CancellationToken);
            Assert.NotSame(snapshot, dashboard.Mesh.Find(Analytics));
        }
    }
}
