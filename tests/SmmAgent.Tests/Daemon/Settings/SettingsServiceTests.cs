using Microsoft.Extensions.Logging.Abstractions;
using SmmAgent.Core.Settings;
using SmmAgent.Daemon.Loop;
using SmmAgent.Daemon.Settings;
using SmmAgent.Linux.Files;

namespace SmmAgent.Tests.Daemon.Settings;

public sealed class SettingsServiceTests : IAsyncLifetime
{
    private readonly AgentUnderTest _agent = new();
    private readonly ObservableValue<SettingsState> _state = new(SettingsState.Empty);
    private readonly SettingsService _service;

    public SettingsServiceTests() =>
        _service = new SettingsService(_agent.Context, _agent.Paths, _agent.Tokens, _state, NullLogger<SettingsService>.Instance);

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        _service.Dispose();
        await _agent.DisposeAsync();
    }

    [Fact]
    public async Task SettingsAreEmptyAndValidWithoutAFile()
    {
        await EditAsync(null);

        Assert.True(SettingsEquality.Same(new AgentSettings(), _state.Value.Settings));
        Assert.Empty(_state.Value.Errors);
    }

    [Fact]
    public async Task InvalidEditIsReportedAndThePreviousSettingsStay()
    {
        await EditAsync("workloadGroup: {namespace: a, name: b}");
        await EditAsync("workloadGroup: {namespace: A, name: b}\nuuid: x");

        Assert.Equal(("a", "b"), (_state.Value.Settings.Namespace, _state.Value.Settings.Name));
        Assert.Equal(["uuid", "workloadGroup.namespace"], _state.Value.Errors.Select(fault => fault.Path).Order());

        await EditAsync("workloadGroup: {namespace: c, name: b}");
        Assert.Equal("c", _state.Value.Settings.Namespace);
        Assert.Empty(_state.Value.Errors);
    }

    [Fact]
    public async Task DeletedFileChangesNoSetting()
    {
        await EditAsync("workloadGroup: {namespace: a, name: b}");
        await EditAsync(null);

        Assert.Equal("a", _state.Value.Settings.Namespace);
        Assert.Contains("was deleted", Assert.Single(_state.Value.Errors).Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task EditOfACommentSignalsNoReader()
    {
        await EditAsync("uuid: 0327b100-a008-4364-a2b3-7d1777bb5b9a # a");
        var before = _state.Value;
        await EditAsync("uuid: 0327b100-a008-4364-a2b3-7d1777bb5b9a # b");

        Assert.Same(before, _state.Value);
    }

    [Fact]
    public async Task NewTokenSignalsTheReaders()
    {
        await EditAsync("uuid: 0327b100-a008-4364-a2b3-7d1777bb5b9a");
        var before = _state.Value;
        AtomicFile.Write(_agent.Paths.BearerToken, "quite another token", AtomicFile.Private);
        await _service.StepAsync(TestContext.Current.CancellationToken);

        Assert.NotEqual(before.CredentialStamp, _state.Value.CredentialStamp);
        Assert.Same(before.Settings, _state.Value.Settings);
    }

    [Fact]
    public async Task ATokenThatEveryoneMayReadAndAnUnknownKeyAreWarnings()
    {
        AtomicFile.Write(_agent.Paths.BearerToken, "t", AtomicFile.Public);
        await EditAsync("nodes: {}");

        Assert.Equal(["bearer-token", "nodes"], _state.Value.Warnings.Select(fault => fault.Path).Order());
    }

    private async Task EditAsync(string? yaml)
    {
        if (yaml is null)
            File.Delete(_agent.Paths.Settings);
        else
            AtomicFile.Write(_agent.Paths.Settings, yaml, AtomicFile.Private);
        await _service.StepAsync(TestContext.Current.CancellationToken);
    }
}
