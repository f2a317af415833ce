using SmmAgent.Linux.DBus;
using Tmds.DBus.Protocol;

namespace SmmAgent.Linux.Systemd;

/// <summary>systemd over D-Bus. An error of systemd is thrown as a <see cref="DBusException"/>.</summary>
internal sealed class SystemdManager : IUnits
{
    private const string UnitExists = "org.freedesktop.systemd1.UnitExists";

    /// <summary>A timer is up at once, unless systemd is busy.</summary>
    private static readonly TimeSpan TimerPatience = TimeSpan.FromSeconds(10);

    private readonly SystemdBus _systemd;
    private readonly SystemdJobs _jobs;
    private readonly TimeProvider _time;

    /// <param name="bus">Disposed with this.</param>
    public SystemdManager(BusConnection bus, TimeProvider time)
    {
        _systemd = new(bus);
        _jobs = new(_systemd);
        _time = time;
    }

    public bool IsStopping =>
        Wait(() => _systemd.TextAsync(SystemdBus.ManagerPath, SystemdBus.Manager, "SystemState", CancellationToken.None)) == "stopping";

    public UnitState ObserveUnit(string unit) => Wait(() => ObserveAsync(unit, CancellationToken.None));

    public ServiceState ObserveService(string service) => Wait(() => ObserveServiceAsync(service, CancellationToken.None));

    public void Reload() => Wait(() => ReloadAsync(CancellationToken.None));

    public void Enable(IEnumerable<string> units) => Wait(async () =>
    {
        await _systemd.ChangeAsync(SystemdBus.Method("EnableUnitFiles").With("asbb", (ref writer) =>
        {
            writer.WriteArray(units);
            writer.WriteBool(false);
            writer.WriteBool(false);
        }), CancellationToken.None);
        await ReloadAsync(CancellationToken.None);
    });

    public void Disable(IEnumerable<string> units) => Wait(async () =>
    {
        await _systemd.ChangeAsync(SystemdBus.Method("DisableUnitFiles").With("asb", (ref writer) =>
        {
            writer.WriteArray(units);
            writer.WriteBool(false);
        }), CancellationToken.None);
        await ReloadAsync(CancellationToken.None);
    });

    public void Queue(UnitJob job, string unit) => Wait(() => _jobs.QueueAsync(job, unit, CancellationToken.None));

    public async Task<JobOutcome> RunAsync(UnitJob job, string unit, TimeSpan atMost, CancellationToken cancel)
    {
        var (result, refusal) = await _jobs.RunAsync(job, unit, atMost, cancel);
        // Not cancelled: the job has ended, so its outcome is reported.
        var state = unit.EndsWith(".service", StringComparison.Ordinal)
            ? await ObserveServiceAsync(unit, CancellationToken.None)
            : await ObserveAsync(unit, CancellationToken.None);
        return new(job, result, state, atMost, refusal);
    }

    public async Task StartTimerAsync(
        string name, string description, TimeSpan after, IReadOnlyList<string> command, CancellationToken cancel)
    {
        var service = $"{name}.service";
        if ((await ObserveAsync(service, cancel)).Active == "failed")
            await _systemd.ChangeAsync(SystemdBus.Method("ResetFailedUnit").With(service), cancel);
        await TransientUnitName.RetryUntilFreeAsync(
            () => RunTimerAsync(name, description, after, command, cancel),
            exception => exception is DBusException { Name: UnitExists },
            _time,
            cancel);
    }

    public void Dispose() => _systemd.Dispose();

    private async Task<UnitState> ObserveAsync(string unit, CancellationToken cancel) =>
        await ObserveAsync(unit, await _systemd.LoadAsync(unit, cancel), cancel);

    private async Task<UnitState> ObserveAsync(string unit, string path, CancellationToken cancel)
    {
        return new(
            unit,
            await TextAsync("LoadState"),
            await TextAsync("ActiveState"),
            await TextAsync("SubState"),
            await TextAsync("UnitFileState"));

        Task<string> TextAsync(string property) => _systemd.TextAsync(path, SystemdBus.Unit, property, cancel);
    }

    private async Task<ServiceState> ObserveServiceAsync(string service, CancellationToken cancel)
    {
        var path = await _systemd.LoadAsync(service, cancel);
        var since = await _systemd.TimeAsync(path, SystemdBus.Service, "ExecMainStartTimestamp", cancel);
        return new(
            await ObserveAsync(service, path, cancel),
            (int)await _systemd.NumberAsync(path, SystemdBus.Service, "MainPID", cancel),
            since == 0 ? null : DateTimeOffset.UnixEpoch.AddMicroseconds(since),
            (int)await _systemd.NumberAsync(path, SystemdBus.Service, "NRestarts", cancel),
            await _systemd.TextAsync(path, SystemdBus.Service, "Result", cancel))
        {
            Environment = await _systemd.TextsAsync(path, SystemdBus.Service, "Environment", cancel),
        };
    }

    private Task ReloadAsync(CancellationToken cancel) => _systemd.ChangeAsync(SystemdBus.Method("Reload"), cancel);

    private async Task RunTimerAsync(
        string name, string description, TimeSpan after, IReadOnlyList<string> command, CancellationToken cancel)
    {
        var call = SystemdBus.Method("StartTransientUnit")
            .With("ssa(sv)a(sa(sv))", (ref writer) => WriteTimer(ref writer, name, description, after, command));
        var result = await _jobs.RunAsync(
            () => _systemd.CreateAsync(call, cancel), TimerPatience, cancel);
        if (result != JobOutcome.Done)
            throw new IOException($"systemd fails: {name}.timer did not start ({result})");
    }

    private static void WriteTimer(
        ref MessageWriter writer, string name, string description, TimeSpan after, IReadOnlyList<string> command)
    {
        writer.WriteString($"{name}.timer");
        writer.WriteString("fail");
        var timer = writer.WriteArrayStart(DBusType.Struct);
        WriteProperty(ref writer, "Description", description);
        // OnActiveSec with one number, because older versions do not know a list of times; by default a timer may be a minute late.
        WriteProperty(ref writer, "OnActiveSec", (ulong)after.TotalMicroseconds);
        WriteProperty(ref writer, "AccuracyUSec", 100_000UL);
        WriteProperty(ref writer, "RemainAfterElapse", false);
        writer.WriteArrayEnd(timer);

        var units = writer.WriteArrayStart(DBusType.Struct);
        writer.WriteStructureStart();
        writer.WriteString($"{name}.service");
        var service = writer.WriteArrayStart(DBusType.Struct);
        WriteProperty(ref writer, "Description", description);
        WriteProperty(ref writer, "Type", "oneshot");
        writer.WriteStructureStart();
        writer.WriteString("ExecStart");
        writer.WriteSignature("a(sasb)");
        var commands = writer.WriteArrayStart(DBusType.Struct);
        writer.WriteStructureStart();
        writer.WriteString(command[0]);
        writer.WriteArray(command);
        writer.WriteBool(false);
        writer.WriteArrayEnd(commands);
        writer.WriteArrayEnd(service);
        writer.WriteArrayEnd(units);
    }

    private static void WriteProperty(ref MessageWriter writer, string name, VariantValue value)
    {
        writer.WriteStructureStart();
        writer.WriteString(name);
        writer.WriteVariant(value);
    }

    // The methods of this interface that only ask are synchronous; callers use them off the threads that must not wait. On the pool,
    // so that a synchronization context of the caller is not needed.
    private static T Wait<T>(Func<Task<T>> call) => Task.Run(call).GetAwaiter().GetResult();

    private static void Wait(Func<Task> call) => Task.Run(call).GetAwaiter().GetResult();
}
