using Microsoft.Extensions.Logging;
using SmmAgent.Contract;
using SmmAgent.Core.Address;
using SmmAgent.Linux.State;

namespace SmmAgent.Host.Address;

/// <summary>The last known address, read from its file once, and written when it changes, and otherwise once an hour.</summary>
internal sealed class LastKnownAddressKeeper(LastKnownAddressFile file, ILogger log)
{
    /// <summary>The maximum age of the time in the file, so that the disk is not written every ten minutes.</summary>
    private static readonly TimeSpan WriteEvery = TimeSpan.FromHours(1);

    private LastKnownAddress? _value;
    private LastKnownAddress? _written;
    private bool _isRead;
    private bool _isFailing;

    public LastKnownAddress? Value
    {
        get
        {
            if (!_isRead)
            {
                _isRead = true;
                _value = _written = file.Read(out var problem);
                if (problem is not null)
                    log.LastKnownIgnored(problem);
            }

            return _value;
        }
    }

    public void Confirm(ExternalAddress address, MeshConfig? config, DateTimeOffset now)
    {
        // Before the first configuration the network model is unknown: the address of a provider does not replace that of a route.
        if (config is null && Value?.Source == AddressDecision.RouteSource)
            return;

        var network = address.Source == AddressDecision.RouteSource ? config?.WorkloadGroup.Network : null;
        _value = new(address.Value, address.Source, network, now);
        _isRead = true;
        var isSame = _written is not null && _written with { ConfirmedAt = now } == _value;
        if (isSame && now - _written!.ConfirmedAt < WriteEvery)
            return;

        var problem = file.Write(_value);
        if (problem is null)
            _written = _value;
        if (problem is not null && !_isFailing)
            log.LastKnownNotKept(problem);
        if (problem is null && _isFailing)
            log.LastKnownKeptAgain();
        _isFailing = problem is not null;
    }
}
