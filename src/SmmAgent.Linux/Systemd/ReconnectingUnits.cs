using SmmAgent.Linux.DBus;

namespace SmmAgent.Linux.Systemd;

/// <summary>The units of the host over a connection that is opened again when it was idle or has failed.</summary>
/// <remarks>A command may download and install packages between two uses, and the bus may be restarted in that time.</remarks>
internal sealed class ReconnectingUnits : IUnits
{
    /// <summary>A connection that was not used for longer is opened again.</summary>
    public static readonly TimeSpan Idle = TimeSpan.FromSeconds(2);

    private readonly Func<IUnits> _open;
    private readonly TimeProvider _time;
    private IUnits? _units;
    private long _usedAt;

    /// <param name="open">Opens a connection, for the first time here: the constructor throws its exceptions.</param>
    public ReconnectingUnits(Func<IUnits> open, TimeProvider time)
    {
        (_open, _time) = (open, time);
        _units = open();
        _usedAt = time.GetTimestamp();
    }

    public bool IsStopping => Use(units => units.IsStopping);

    public UnitState ObserveUnit(string unit) => Use(units => units.ObserveUnit(unit));

    public ServiceState ObserveService(string service) => Use(units => units.ObserveService(service));

    public void Reload() => Use(units => units.Reload());

    public void Enable(IEnumerable<string> units) => Use(host => host.Enable(units));

    public void Disable(IEnumerable<string> units) => Use(host => host.Disable(units));

    public void Queue(UnitJob job, string unit) => Use(units => units.Queue(job, unit));

    public Task<JobOutcome> RunAsync(UnitJob job, string unit, TimeSpan atMost, CancellationToken cancel) =>
        UseAsync(units => units.RunAsync(job, unit, atMost, cancel));

    public Task StartTimerAsync(
        string name, string description, TimeSpan after, IReadOnlyList<string> command, CancellationToken cancel) =>
        UseAsync(async units =>
        {
            await units.StartTimerAsync(name, description, after, command, cancel);
            return true;
        });

    public void Dispose() => Close();

    private void Use(Action<IUnits> use) => Use(units =>
    {
        use(units);
        return true;
    });

    private T Use<T>(Func<IUnits, T> use)
    {
        try
        {
            return use(Opened());
        }
        catch (DBusException exception) when (exception.Name == DBusException.NoReply)
        {
            Close();
            throw;
        }
        finally
        {
            _usedAt = _time.GetTimestamp();
        }
    }

    private async Task<T> UseAsync<T>(Func<IUnits, Task<T>> use)
    {
        try
        {
            return await use(Opened());
        }
        catch (DBusException exception) when (exception.Name == DBusException.NoReply)
        {
            Close();
            throw;
        }
        finally
        {
            _usedAt = _time.GetTimestamp();
        }
    }

    private IUnits Opened()
    {
        if (_time.GetElapsedTime(_usedAt) > Idle)
            Close();
        return _units ??= _open();
    }

    private void Close()
    {
        _units?.Dispose();
        _units = null;
    }
}
