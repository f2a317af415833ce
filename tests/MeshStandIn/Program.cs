using System.Runtime.InteropServices;
using MeshStandIn;

StandInOptions options;
try
{
    options = StandInOptions.Parse(args);
}
catch (FormatException exception)
{
    Console.Error.WriteLine($"mesh-stand-in: {exception.Message}");
    Console.Error.WriteLine(StandInOptions.Usage);
    return 2;
}

var end = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, End);
using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, End);

var running = new List<IAsyncDisposable>();
try
{
    if (options.Certificates is { } directory)
    {
        using var authority = StandInAuthority.LoadOrCreate(directory);
        var leaf = options.IsExpired ? authority.IssueExpired(options.Names) : authority.Issue(options.Names);
        if (!options.IsExpired)
            StandInAuthority.Save(leaf, directory, "istiod");
        var forward = options.Forward is var (host, port) ? Behaviours.Forward(host, port) : null;
        foreach (var address in options.Addresses)
            running.Add(new StandInGateway(address, leaf, forward) { IsReady = !options.IsNotReady });
    }

    if (options.Echo is { } echo)
        running.Add(new StandInListener(echo, Behaviours.Echo()));
    if (options.NameServer is { } nameServer)
        running.Add(new StandInNameServer(nameServer));
}
catch (IOException exception)
{
    Console.Error.WriteLine($"mesh-stand-in: {exception.Message}");
    return 1;
}

Console.Out.WriteLine("mesh-stand-in: ready");
if (running.Count > 0)
    await end.Task;
return 0;

void End(PosixSignalContext signal)
{
    signal.Cancel = true;
    end.TrySetResult();
}
