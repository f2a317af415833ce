namespace SmmAgent.PackageTests;

/// <summary>A maintainer script of the deb, below a DPKG_ROOT.</summary>
public class MaintainerScriptTests
{
    [Fact]
    public async Task RemovalSucceedsForAnyFileOfTheServiceUserAndKeepsTheKey()
    {
        Tool.Needs("deb-systemd-helper");
        using var root = new TemporaryFolder();
        var state = Directory.CreateDirectory(Path.Combine(root.Root, "var/lib/smm-agent")).FullName;
        var key = Path.Combine(state, "identity.json");
        await File.WriteAllTextAsync(key, "{}", TestContext.Current.CancellationToken);
        Directory.CreateDirectory(Path.Combine(state, "other/identity.json"));
        await File.WriteAllTextAsync(Path.Combine(state, "mesh-config.json"), "{}", TestContext.Current.CancellationToken);

        await Tool.OutputAsync(
            ["sh", Path.Combine(Repository.Root, "packaging/deb/postrm"), "remove"], new() { ["DPKG_ROOT"] = root.Root }, folder: null);

        Assert.Equal([key], Directory.GetFileSystemEntries(state, "*", SearchOption.AllDirectories));
    }

    [Theory, InlineData("remove"), InlineData("purge")]
    public async Task RemovalLeavesNothingBelowRunAndTheCache(string action)
    {
        Tool.Needs("deb-systemd-helper");
        using var root = new TemporaryFolder();
        foreach (var folder in (string[])["run/smm-agent", "run/smm-agent-host", "var/cache/smm-agent", "var/lib/smm-agent-host"])
            await File.WriteAllTextAsync(Path.Combine(Directory.CreateDirectory(Path.Combine(root.Root, folder)).FullName, "file"), "",
                TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(Path.Combine(root.Root, "run/smm-agent.lock"), "", TestContext.Current.CancellationToken);
        var logs = Directory.CreateDirectory(Path.Combine(root.Root, "var/log/istio")).FullName;
        foreach (var name in (string[])[".smm-agent-logrotate", "istio.log"])
            await File.WriteAllTextAsync(Path.Combine(logs, name), "", TestContext.Current.CancellationToken);

        await Tool.OutputAsync(
            ["sh", Path.Combine(Repository.Root, "packaging/deb/postrm"), action], new() { ["DPKG_ROOT"] = root.Root }, folder: null);

        Assert.Equal([], Directory.GetFileSystemEntries(root.Root, "*smm-agent*", SearchOption.AllDirectories));
        Assert.Equal([Path.Combine(logs, "istio.log")], Directory.GetFiles(logs));
    }
}
