using SmmAgent.Testbed;
using SmmDashboard.Tests.Running;

namespace SmmDashboard.Tests.Startup;

public sealed class WatchedFoldersTests
{
    [Fact]
    public async Task OnlyFolderOfMeshDescriptionIsWatched()
    {
        using var folder = new TemporaryFolder();
        var mesh = folder.Write(RunningDashboard.MeshFileName, new MeshYaml().ToString());
        folder.Write("working/one/two/file", "");
        await using var dashboard = new TestbedProcess(
            ["env", "-C", folder.Path("working"), .. Programs.Dashboard, "--mesh", mesh, "--listen", "http://127.0.0.1:0"]);

        await Until.TrueAsync(
            () => dashboard.Lines.Any(line => line.Contains("Listening on", StringComparison.Ordinal)) && Watches(dashboard.Id).Count > 0,
            "listens and watches", lastSeen: () => dashboard.Output);

        Assert.Single(Watches(dashboard.Id));
    }

    /// <summary>The folders that a process watches with inotify, one line each.</summary>
    private static List<string> Watches(int process) =>
    [
        .. from descriptor in new DirectoryInfo($"/proc/{process}/fd").EnumerateFiles()
           where descriptor.LinkTarget == "anon_inode:inotify"
           from line in File.ReadLines($"/proc/{process}/fdinfo/{descriptor.Name}")
           where line.StartsWith("inotify ", StringComparison.Ordinal)
           select line,
    ];
}
