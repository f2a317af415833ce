namespace SmmAgent.Linux.Systemd;

/// <summary>systemd over D-Bus: what it says is thrown as a <see cref="DBusException"/>.</summary>
internal sealed class SystemdManager : IUnits
{
    private const string UnitExists = "org.freedesktop.systemd1.UnitExists";

    /// <summary>A timer is up at once, unless systemd is busy.</summary>
    private static readonly TimeSpan TimerPatience = TimeSpan.FromSeconds(10);

    private readonly SystemdBus _systemd;
    private readonly SystemdJobs _jobs;
    private readonly TimeProvider _time;

    /// <param name="bus">Disposed with this.</param>
    public SystemdManager(SdBus bus, TimeProvider time)
    {
        _systemd = new(bus);
        _jobs = new(_systemd);
        _time = time;
    }

    public bool IsStopping => _systemd.Text(SystemdBus.ManagerPath, SystemdBus.Manager, "SystemState") == "stopping";

    public UnitState Look(string unit) => Look(unit, _systemd.Load(unit));

    public ServiceState LookService(string service)
    {
        var path = _systemd.Load(service);
        var since = _systemd.Time(path, SystemdBus.Service, "ExecMainStartTimestamp");
        return new(
            Look(service, path),
            _systemd.Number(path, SystemdBus.Service, "MainPID"),
            since == 0 ? null : DateTimeOffset.UnixEpoch.AddMicroseconds(since),
            _systemd.Number(path, SystemdBus.Service, "NRestarts"),
            _systemd.Text(path, SystemdBus.Service, "Result"))
        {
            Environment = _systemd.Texts(path, SystemdBus.Service, "Environment"),
        };
    }

    public void Reload() => _systemd.Call(_systemd.NewCall("Reload")).Dispose();

    public void Enable(IEnumerable<string> units)
    {
        _systemd.Call(_systemd.NewCall("EnableUnitFiles").Add(units).Add(false).Add(false)).Dispose();
        Reload();
    }

    public void Disable(IEnumerable<string> units)
    {
        _systemd.Call(_systemd.NewCall("DisableUnitFiles").Add(units).Add(false)).Dispose();
        Reload();
    }

    public void Queue(UnitJob job, string unit) => _jobs.Queue(job, unit);

    // Off the caller's thread: it waits in poll(2).
    public Task<JobOutcome> RunAsync(UnitJob job, string unit, TimeSpan atMost, CancellationToken cancel) => Task.Run(
        () =>
        {
            var (result, said) = _jobs.Run(job, unit, atMost, cancel);
            return new JobOutcome(job, result, unit.EndsWith(".service", StringComparison.Ordinal) ? LookService(unit) : Look(unit), atMost, said);
        },
        cancel);

    public Task StartTimerAsync(string name, string description, TimeSpan after, IReadOnlyList<string> command, CancellationToken cancel)
    {
        var service = $"{name}.service";
        if (Look(service).Active == "failed")
            _systemd.Call(_systemd.NewCall("ResetFailedUnit").Add(service)).Dispose();
        return TakenName.UntilFreeAsync(
            () => RunTimer(name, description, after, command, cancel), exception => exception is DBusException { Name: UnitExists }, _time, cancel);
    }

    public void Dispose() => _systemd.Dispose();

    private UnitState Look(string unit, string path) =>
        new(unit, Text(path, "LoadState"), Text(path, "ActiveState"), Text(path, "SubState"), Text(path, "UnitFileState"));

    private string Text(string path, string property) => _systemd.Text(path, SystemdBus.Unit, property);

    private void RunTimer(string name, string description, TimeSpan after, IReadOnlyList<string> command, CancellationToken cancel)
    {
        var result = _jobs.Run(() => StartTimer(name, description, after, command), TimerPatience, cancel);
        if (result != JobOutcome.Done)
            throw new IOException($"systemd fails: {name}.timer did not start ({result})");
    }

    /// <returns>The job.</returns>
    private string StartTimer(string name, string description, TimeSpan after, IReadOnlyList<string> command)
    {
        // OnActiveSec with one number, because older ones know no list of times; by default a timer may be a minute late.
        var call = _systemd.NewCall("StartTransientUnit").Add($"{name}.timer").Add("fail").AddContainer('a', "(sv)", properties =>
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
        using var reply = _systemd.Call(call);
        return reply.ReadString('o');
    }

    private static void Property(BusMessage properties, string name, string type, Action<BusMessage> value) =>
        properties.AddContainer('r', "sv", property => property.Add(name).AddContainer('v', type, value));
}
