using SmmAgent.Core.Settings;
using SmmAgent.Host;
using SmmAgent.Host.Image;
using SmmAgent.Linux.Locks;
using SmmAgent.Tests.Host.Fakes;

namespace SmmAgent.Tests.Host.Image;

public sealed class ImagePreparationTests : IDisposable
{
    private readonly HostFixture _host = new();

    public void Dispose() => _host.Dispose();

    [Fact]
    public async Task IdentityAndSecretsAreRemovedAndTheConfigurationStays()
    {
        WriteState();

        Assert.Equal(ExitCode.Done, await RunAsync());

        foreach (var folder in (string[])[_host.Paths.StateDirectory, _host.Paths.HostStateDirectory, _host.Paths.RuntimeDirectory])
            Assert.Empty(Directory.EnumerateFiles(folder));
        Assert.False(File.Exists(_host.Paths.BearerToken));
        var settings = SettingsReader.Read(await File.ReadAllTextAsync(_host.Paths.Settings, Cancel)).Settings!;
        Assert.Null(settings.Uuid);
        Assert.Equal(Sample.Name, settings.Name);
        Assert.Contains($"✓ remove uuid from {_host.Paths.Settings}", _host.Lines);
        Assert.EndsWith("sudo truncate -s 0 /etc/machine-id", _host.Lines[^1], StringComparison.Ordinal);
    }

    [Fact]
    public async Task SecondRunHasNothingToDo()
    {
        WriteState();
        await RunAsync();
        await RunAsync();

        Assert.Contains("✓ nothing of this machine is left", _host.Lines);
    }

    [Fact]
    public async Task DryRunChangesNothing()
    {
        WriteState();
        var before = await File.ReadAllTextAsync(_host.Paths.Settings, Cancel);

        Assert.Equal(ExitCode.Done, await RunAsync(dryRun: true));

        Assert.Contains($"❯ remove {_host.Paths.Identity}", _host.Lines);
        Assert.Contains($"❯ remove uuid from {_host.Paths.Settings}", _host.Lines);
        Assert.True(File.Exists(_host.Paths.Identity));
        Assert.Equal(before, await File.ReadAllTextAsync(_host.Paths.Settings, Cancel));
    }

    [Fact]
    public async Task TokenStaysOnRequest()
    {
        Assert.Equal(ExitCode.Done, await RunAsync(keepToken: true));

        Assert.True(File.Exists(_host.Paths.BearerToken));
    }

    [Fact]
    public async Task AttachedVmIsRefused()
    {
        WriteState();
        _host.Units.Set("smm-agent.service", "active", "enabled");

        Assert.Equal(ExitCode.Failed, await RunAsync());

        Assert.Equal("✗ this VM is attached (detach would stop and disable smm-agent.service): sudo smm-agent detach, then run this again; "
            + "nothing was changed", Assert.Single(_host.Lines));
        Assert.True(File.Exists(_host.Paths.Identity));
    }

    [Fact]
    public async Task RunningDaemonAndRecordedStateAreRefused()
    {
        using (DaemonPresence.Take(_host.Paths.StateDirectory))
            Assert.Equal(ExitCode.Failed, await RunAsync());
        HostStateDirectory.Create(_host.Paths);
        await File.WriteAllTextAsync(_host.Paths.BeforeAttach, "{}", Cancel);
        Assert.Equal(ExitCode.Failed, await RunAsync());

        Assert.Contains("the daemon is running", _host.Lines[0], StringComparison.Ordinal);
        Assert.Contains("the previous state of the host is still recorded", _host.Lines[1], StringComparison.Ordinal);
        Assert.True(File.Exists(_host.Paths.BearerToken));
    }

    [Fact]
    public async Task UuidInAnotherFormIsReported()
    {
        await File.WriteAllTextAsync(_host.Paths.Settings, $"{{uuid: {HostFixture.Uuid}}}\n", Cancel);

        Assert.Equal(ExitCode.Usage, await RunAsync());

        Assert.Contains("the key uuid has a form that this command does not edit: remove it", _host.Output, StringComparison.Ordinal);
        Assert.True(File.Exists(_host.Paths.BearerToken));
    }

    [Fact]
    public async Task WithoutRootNothingIsRemoved()
    {
        _host.Unprivileged();

        Assert.Equal(ExitCode.NotPermitted, await RunAsync());
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private void WriteState()
    {
        HostStateDirectory.Create(_host.Paths);
        string[] files =
        [
            _host.Paths.Identity, _host.Paths.RenewedToken, _host.Paths.LastKnownAddress, _host.Paths.HostIdentity, _host.Paths.HostToken,
            _host.Paths.HostLastKnownAddress, _host.Paths.Status, _host.Paths.Instance,
        ];
        foreach (var file in files)
            File.WriteAllText(file, "{}");
    }

    private Task<int> RunAsync(bool dryRun = false, bool keepToken = false) =>
        new ImagePreparation(_host.Context, dryRun, keepToken).RunAsync(Cancel);
}
