using SmmAgent.Cli;
using SmmAgent.Core.Settings;
using SmmAgent.Host;
using SmmAgent.Host.Configuration;

namespace SmmAgent.Tests.Host.Configuration;

public sealed class UnsetCommandTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("smm-unset-").FullName;
    private readonly StringWriter _output = new();
    private readonly AgentPaths _paths;

    public UnsetCommandTests() => _paths = new AgentPaths(_directory);

    public void Dispose()
    {
        _output.Dispose();
        Directory.Delete(_directory, recursive: true);
    }

    [Fact]
    public async Task UnsetRemovesOneSetting()
    {
        Directory.CreateDirectory(_paths.ConfigDirectory);
        await File.WriteAllTextAsync(
            _paths.Settings, "dashboard:\n  url: https://a.example.com # ours\n  proxy: none\nnode:\n  ip: 3.4.5.6\n",
            TestContext.Current.CancellationToken);

        Assert.Equal(0, await AgentCommandLine.RunAsync(["--root", _directory, "unset", "node-ip"]));
        Assert.Equal(0, await AgentCommandLine.RunAsync(["--root", _directory, "unset", "dashboard.proxy"]));
        Assert.Equal(0, Writer().Unset(["sidecar.mode"]));
        Assert.Equal(2, await AgentCommandLine.RunAsync(["--root", _directory, "unset", "node"]));

        Assert.Equal(
            "dashboard:\n  url: https://a.example.com # ours\n",
            await File.ReadAllTextAsync(_paths.Settings, TestContext.Current.CancellationToken));
        Assert.Equal($"✓ sidecar.mode is not set (the default is manage) config={_paths.Settings}\n", _output.ToString());
    }

    [Fact]
    public void UnsetOfAMissingFileCreatesNone()
    {
        Assert.Equal(0, Writer().Unset(["node.ip"]));
        Assert.False(File.Exists(_paths.Settings));
    }

    private SettingsWriter Writer() =>
        new(_paths.Settings, new Progress(_output, colour: false), TimeProvider.System, Environment.IsPrivilegedProcess);
}
