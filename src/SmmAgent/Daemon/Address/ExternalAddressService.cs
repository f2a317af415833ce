using Microsoft.Extensions.Logging;
using SmmAgent.Contract;
using SmmAgent.Core.Address;
using SmmAgent.Core.Settings;
using SmmAgent.Daemon.Loop;
using SmmAgent.Host.Address;

namespace SmmAgent.Daemon.Address;

/// <summary>Finds the address at which the cluster reaches the VM.</summary>
public sealed class ExternalAddressService : LoopService
{
    private readonly AgentStates _states;
    private readonly AddressSources _sources;
    private readonly LastKnownAddressKeeper _lastKnown;
    private readonly ILogger _log;

    private (AgentSettings Settings, MeshConfig? Config)? _lastInputs;
    private long _findStarted;
    private int _failures;

    public ExternalAddressService(
        LoopContext context, AgentStates states, AddressSources sources, ILogger<ExternalAddressService> log)
        : base(context)
    {
        (_states, _sources, _log) = (states, sources, log);
        _lastKnown = new LastKnownAddressKeeper(sources.LastKnown, log);
        states.Settings.NotifyOnChange(Signal);
        states.Mesh.NotifyOnChange(Signal);
    }

    public override async Task<TimeSpan> StepAsync(CancellationToken cancel)
    {
        var (settings, config) = (_states.Settings.Value.Settings, _states.Mesh.Value.Config);
        var isSame = _lastInputs is { } last && last.Settings == settings && ReferenceEquals(last.Config, config);
        var untilNext = AddressSchedule.AtMostOnceIn - Time.GetElapsedTime(_findStarted);
        if (isSame && untilNext > TimeSpan.Zero)
            return untilNext;

        if (!isSame)
            _failures = 0;
        (_lastInputs, _findStarted) = ((settings, config), Time.GetTimestamp());

        if (_states.Settings.Value.AreUnknown)
        {
            Publish(AddressDecision.SettingsUnknown);
            return AddressSchedule.Next(0);
        }

        var found = await _sources.FindAsync(settings, config, () => _lastKnown.Value, cancel);
        var isFresh = found.Address is not null && found.AddressKnown.Reason != AddressDecision.LastKnown;
        if (isFresh && found.Address!.Source != AddressDecision.ConfiguredSource)
            _lastKnown.Confirm(found.Address, config, Time.GetUtcNow());

        Publish(found);
        _failures = isFresh || found == AddressDecision.NotConfigured ? 0 : _failures + 1;
        return AddressSchedule.Next(_failures);
    }

    private void Publish(AddressState found)
    {
        if (_states.Address.Value.Address is { } before && found.Address is { } after && !before.Value.Equals(after.Value))
            _log.AddressChanged(before.Value, after.Value, after.Source);
        _states.Address.Publish(found);
    }
}
