using System.Security.Cryptography;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Time.Testing;
using SmmAgent.Core.Settings;
using SmmAgent.Daemon.Privileged;
using SmmAgent.Daemon.Report;

namespace SmmAgent.Tests.Daemon.Report;

/// <summary>The daemon's identity on a machine, and on a copy of it.</summary>
public sealed class CurrentIdentityTests : IDisposable
{
    private const string Replaced = "it is another machine's: this VM is a copy, so it gets a uuid and a key of its own";

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("smm-identity-");
    private readonly RecordingLogger<CurrentIdentity> _log = new();
    private readonly RecordingLogger<ReconcileRequest> _requests = new();
    private readonly AgentPaths _paths;
    private readonly AgentSettings _settings = new() { Uuid = Guid.NewGuid() };

    public CurrentIdentityTests()
    {
        _paths = new(_folder.FullName);
        foreach (var folder in (string[])["etc", "var/lib/smm-agent", "run/smm-agent"])
            _folder.CreateSubdirectory(folder);
        BeMachine('1');
    }

    public void Dispose()
    {
        _log.Dispose();
        _requests.Dispose();
        _folder.Delete(recursive: true);
    }

    [Fact]
    public void IdentityOfThisMachineStaysAndNothingIsRequested()
    {
        var first = Start();
        first.Reported(first.Uuid(_settings));
        File.WriteAllText(_paths.LastKnownAddress, "{}");
        var key = KeptKey();

        var second = Start();

        Assert.False(second.IsForeign(_settings));
        Assert.Equal((_settings.Uuid, key), (second.Uuid(_settings), KeptKey()));
        Assert.True(File.Exists(_paths.LastKnownAddress));
        Assert.False(File.Exists(_paths.ReconcileRequest));
        Assert.Empty(_log.Lines);
    }

    [Fact]
    public void CopyStartsWithANewKeyForgetsTheAddressAndRequestsAUuidInOneLineEach()
    {
        var original = Start();
        original.Reported(original.Uuid(_settings));
        File.WriteAllText(_paths.LastKnownAddress, "{}");
        var key = KeptKey();

        BeMachine('2');
        var copy = Start();

        Assert.Equal([$"Warning: Replaced {_paths.Identity}: {Replaced}"], _log.Lines);
        Assert.NotEqual(key, KeptKey());
        Assert.False(File.Exists(_paths.LastKnownAddress));
        Assert.False(File.Exists(_paths.ReconcileRequest));

        Assert.True(copy.IsForeign(_settings));
        Assert.True(copy.IsForeign(_settings));
        Assert.True(File.Exists(_paths.ReconcileRequest));
        Assert.Equal(["Information: Requested a privileged reconcile: give this copy of a machine a uuid of its own"], _requests.Lines);

        Assert.False(copy.IsForeign(new AgentSettings { Uuid = Guid.NewGuid() }));
        Assert.Single(_log.Lines);
    }

    [Fact]
    public void MachineIdThatChangesWhileTheDaemonRunsCausesANewKeyBeforeTheNewUuidIsReported()
    {
        var own = Start();
        own.Reported(own.Uuid(_settings));
        var before = own.Key;

        BeMachine('2');
        var replaced = new AgentSettings { Uuid = Guid.NewGuid() };

        Assert.False(own.IsForeign(replaced));
        Assert.NotSame(before, own.Key);
        Assert.True(own.IsForeign(_settings));
        Assert.Equal([$"Warning: Replaced {_paths.Identity}: {Replaced}"], _log.Lines);

        own.Reported(replaced.Uuid.Value);
        var key = KeptKey();
        Assert.False(Start().IsForeign(replaced)); // a restart changes nothing
        Assert.Equal(key, KeptKey());
    }

    [Fact]
    public void IdentityThatCannotBeReplacedIsReplacedAtALaterAttempt()
    {
        var own = Start();
        var before = own.Key;
        var state = _paths.StateDirectory;
        BeMachine('2');
        Directory.Move(state, state + ".away");
        File.WriteAllText(state, "");

        own.IsForeign(_settings);
        Assert.Same(before, own.Key);
        Assert.StartsWith($"Warning: {_paths.Identity} belongs to another machine (/etc/machine-id differs) and cannot be replaced: ",
            Assert.Single(_log.Lines), StringComparison.Ordinal);

        File.Delete(state);
        Directory.Move(state + ".away", state);
        own.IsForeign(_settings);
        Assert.NotSame(before, own.Key);
    }

    private CurrentIdentity Start() => new(
        _paths, RandomNumberGenerator.Fill, new ReconcileRequest(_paths.ReconcileRequest, new FakeTimeProvider(), _requests), _log);

    private void BeMachine(char digit) => File.WriteAllText(Path.Combine(_folder.FullName, "etc/machine-id"), new string(digit, 32) + "\n");

    private string? KeptKey() => (string?)JsonNode.Parse(File.ReadAllText(_paths.Identity))!["key"];
}
