namespace SmmAgent.Linux.Systemd;

/// <summary>systemd's manager, org.freedesktop.systemd1(5): what it says is thrown as a <see cref="DBusException"/>.</summary>
public sealed class SystemdManager : IDisposable
{
    private const string BusName = "org.freedesktop.systemd1";
    private const string ManagerPath = "/org/freedesktop/systemd1";
    private const string Manager = "org.freedesktop.systemd1.Manager";
    private const string Unit = "org.freedesktop.systemd1.Unit";
    private const string Service = "org.freedesktop.systemd1.Service";
    private const string UnitExists = "org.freedesktop.systemd1.UnitExists";
    private const string NoJob = "/";

    /// <summary>Instead of what is queued for the unit.</summary>
    private const string Replace = "replace";

    private static readonly TimeSpan BetweenLooks = TimeSpan.FromMilliseconds(50);

    private static readonly TimeSpan ForgetTime = TimeSpan.FromSeconds(5);

    private readonly SdBus _bus;
    private readonly TimeProvider _time;

    private SystemdManager(SdBus bus, TimeProvider time) => (_bus, _time) = (bus, time);

    /// <summary>Connects to the systemd that booted this host.</summary>
    /// <param name="root">Below which folder the host's files are; a test's folder has no systemd.</param>
    /// <returns>The manager; or null and why it is not there, which is no failure.</returns>
    /// <exception cref="DBusException">It is there and cannot be spoken to.</exception>
    public static (SystemdManager? Manager, string? Why) Open(string root, TimeProvider time)
    {
        // As sd_booted(3) does.
        var booted = Path.Combine(root, "run/systemd/system");
        if (!Directory.Exists(booted))
            return (null, $"this host was not booted with systemd (no {booted})");

        try
        {
            return (new(SdBus.OpenSystem(), time), null);
        }
        catch (DBusException exception) when (exception.IsAbsence)
        {
            return (null, $"systemd cannot be asked: {exception.Message}");
        }
    }

    public UnitState Look(string unit)
    {
        var path = UnitPath(unit);
        return new(unit, Text(path, "LoadState"), Text(path, "ActiveState"), Text(path, "SubState"), Text(path, "UnitFileState"));
    }

    /// <summary>How the service ended last: <c>success</c>, <c>exit-code</c>, <c>timeout</c>, <c>watchdog</c> …</summary>
    public string ResultOf(string service) => Text(UnitPath(service), "Result", Service);

    /// <summary>Has units started at boot.</summary>
    public void Enable(IEnumerable<string> units)
    {
        Call(NewCall("EnableUnitFiles").Add(units).Add(false).Add(false)).Dispose();
        Reload();
    }

    public void Disable(IEnumerable<string> units)
    {
        Call(NewCall("DisableUnitFiles").Add(units).Add(false)).Dispose();
        Reload();
    }

    /// <summary>Starts a unit and waits until it is up: a service of Type=notify until it said READY.</summary>
    /// <returns>Whether it is; where not, <see cref="Look"/> tells whether it failed or takes longer.</returns>
    public Task<bool> StartAsync(string unit, TimeSpan atMost, CancellationToken cancel) =>
        RunJobAsync("StartUnit", unit, state => state.IsActive, atMost, cancel);

    /// <summary>Stops a unit and waits until it is down.</summary>
    /// <returns>Whether it is.</returns>
    public Task<bool> StopAsync(string unit, TimeSpan atMost, CancellationToken cancel) =>
        RunJobAsync("StopUnit", unit, state => !state.IsUp, atMost, cancel);

    /// <summary>Starts a timer that exists until it elapses or the host restarts, with the service that it starts.</summary>
    /// <param name="name">Of both units, without the suffix.</param>
    public async Task StartTimerAsync(string name, string description, TimeSpan after, IReadOnlyList<string> command, CancellationToken cancel)
    {
        ForgetFailure($"{name}.service");
        var started = _time.GetTimestamp();
        while (true)
        {
            try
            {
                StartTimer(name, description, after, command);
                return;
            }
            catch (DBusException exception) when (exception.Name == UnitExists && _time.GetElapsedTime(started) < ForgetTime)
            {
                await Task.Delay(BetweenLooks, _time, cancel); // an earlier one that was stopped is forgotten a little later
            }
        }
    }

    public void Dispose() => _bus.Dispose();

    private void StartTimer(string name, string description, TimeSpan after, IReadOnlyList<string> command)
    {
        // OnActiveSec with one number, because older ones know no list of times; by default a timer may be a minute late.
        var call = NewCall("StartTransientUnit").Add($"{name}.timer").Add("fail").AddContainer('a', "(sv)", properties =>
        {
            Property(properties, "Description", "s", value => value.Add(description));
            Property(properties, "OnActiveSec", "t", value => value.Add((ulong)after.TotalMicroseconds));
            Property(properties, "AccuracyUSec", "t", value => value.Add(100_000UL));
            Property(properties, "RemainAfterElapse", "b", value => value.Add(false));
        });
        call.AddContainer('a', "(sa(sv))", units => units.AddContainer('r', "sa(sv)", unit =>
            unit.Add($"{name}.service").AddContainer('a', "(sv)", properties =>
            {
                Property(properties, "Description", "s", value => value.Add(description));
                Property(properties, "Type", "s", value => value.Add("oneshot"));
                Property(properties, "ExecStart", "a(sasb)", value => value.AddContainer('a', "(sasb)", list =>
                    list.AddContainer('r', "sasb", one => one.Add(command[0]).Add(command).Add(false))));
            })));
        Call(call).Dispose();
    }

    private static void Property(BusMessage properties, string name, string type, Action<BusMessage> value) =>
        properties.AddContainer('r', "sv", property => property.Add(name).AddContainer('v', type, value));

    private async Task<bool> RunJobAsync(
        string method, string unit, Func<UnitState, bool> isReached, TimeSpan atMost, CancellationToken cancel)
    {
        string job;
        using (var reply = Call(NewCall(method).Add(unit).Add(Replace)))
            job = reply.ReadString('o');

        var path = UnitPath(unit);
        var started = _time.GetTimestamp();
        // With Restart= a new job follows one that failed, so it is this job that is waited for.
        while (JobOf(path) == job)
        {
            if (_time.GetElapsedTime(started) >= atMost)
                return false;
            await Task.Delay(BetweenLooks, _time, cancel);
        }

        return isReached(Look(unit));
    }

    private void ForgetFailure(string unit)
    {
        if (Look(unit).Active == "failed")
            Call(NewCall("ResetFailedUnit").Add(unit)).Dispose();
    }

    private void Reload() => Call(NewCall("Reload")).Dispose();

    // Also for a unit that does not exist: it is loaded as not-found.
    private string UnitPath(string unit)
    {
        using var reply = Call(NewCall("LoadUnit").Add(unit));
        return reply.ReadString('o');
    }

    private string Text(string path, string property, string @interface = Unit)
    {
        using var reply = Get(path, @interface, property);
        return reply.ReadVariant("s", value => value.ReadString());
    }

    private string JobOf(string path)
    {
        using var reply = Get(path, Unit, "Job");
        return reply.ReadVariant("(uo)", value => value.ReadStruct("uo", job => job.Skip("u").ReadString('o'))) is { } job && job != NoJob ? job : "";
    }

    private BusMessage Get(string path, string @interface, string property) =>
        Call(_bus.NewCall(BusName, path, "org.freedesktop.DBus.Properties", "Get").Add(@interface).Add(property));

    // What comes of it is told to the operator as it is, so it says whose words these are.
    private BusMessage Call(BusMessage call)
    {
        try
        {
            return _bus.Call(call);
        }
        catch (DBusException exception)
        {
            throw new DBusException(exception.Name, $"systemd {(exception.IsRefusal ? "refuses" : "fails")}: {exception.Message}");
        }
    }

    private BusMessage NewCall(string method) => _bus.NewCall(BusName, ManagerPath, Manager, method);
}
