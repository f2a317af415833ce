using Microsoft.Extensions.Logging;
using SmmAgent.Contract;
using SmmAgent.Core.Address;
using SmmAgent.Core.Mesh;
using SmmAgent.Core.Settings;
using SmmAgent.Daemon.Loop;
using SmmAgent.Host.Address;

namespace SmmAgent.Daemon.Address;

/// <summary>Finds the address under which the cluster reaches the VM.</summary>
public sealed class ExternalAddressService : LoopService
{
    private readonly ObservableValue<SettingsState> _settings;
    private readonly ObservableValue<MeshConfigState> _meshConfig;
    private readonly ObservableValue<AddressState> _state;
    private readonly AddressSources _sources;
    private readonly LastKnownAddressKeeper _lastKnown;
    private readonly ILogger _log;

    private (AgentSettings Settings, MeshConfig? Config)? _question;
    private long _askedAt;
    private int _failures;

    public ExternalAddressService(
        LoopContext context,
        ObservableValue<SettingsState> settings,
        ObservableValue<MeshConfigState> meshConfig,
        ObservableValue<AddressState> state,
        AddressSources sources,
        ILogger<ExternalAddressService> log)
        : base(context)
    {
        (_settings, _meshConfig, _state, _sources, _log) = (settings, meshConfig, state, sources, log);
        _lastKnown = new LastKnownAddressKeeper(sources.LastKnown, log);
        settings.NotifyOnChange(Signal);
        meshConfig.NotifyOnChange(Signal);
    }

    public override async Task<TimeSpan> StepAsync(CancellationToken cancel)
    {
        var (settings, config) = (_settings.Value.Settings, _meshConfig.Value.Config);
        var isSame = _question is { } asked && asked.Settings == settings && ReferenceEquals(asked.Config, config);
        var untilNext = AddressTimer.AtMostOnceIn - Time.GetElapsedTime(_askedAt);
        if (isSame && untilNext > TimeSpan.Zero)
            return untilNext;

        if (!isSame)
            _failures = 0;
        (_question, _askedAt) = ((settings, config), Time.GetTimestamp());

        if (_settings.Value.AreUnknown)
        {
            Publish(AddressDecision.SettingsUnknown);
            return AddressTimer.Next(0);
        }

        var found = await _sources.FindAsync(settings, config, () => _lastKnown.Value, cancel);
        var isFresh = found.Address is not null && found.AddressKnown.Reason != AddressDecision.LastKnown;
        if (isFresh && found.Address!.Source != AddressDecision.ConfiguredSource)
            _lastKnown.Confirm(found.Address, config, Time.GetUtcNow());

        Publish(found);
        _failures = isFresh || found == AddressDecision.NotConfigured ? 0 : _failures + 1;
        return AddressTimer.Next(_failures);
    }

    private void Publish(AddressState found)
    {
        if (_state.Value.Address is { } before && found.Address is { } after && !before.Value.Equals(after.Value))
            _log.AddressChanged(before.Value, after.Value, after.Source);
        _state.Publish(found);
    }
}
