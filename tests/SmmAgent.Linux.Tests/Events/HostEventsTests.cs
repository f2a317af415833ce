using SmmAgent.Linux.Events;

namespace SmmAgent.Linux.Tests.Events;

public sealed class HostEventsTests
{
    [Fact]
    public void ASourceThatCannotStartIsReportedAndTheOthersWork()
    {
        using var folder = new TemporaryFolder();
        using var listener = new Listener(
            null,
            TimeSpan.FromHours(1),
            new BrokenSource(opensAt: int.MaxValue),
            new FileEvents("file events", HostChange.Settings, folder.Path("agent.yaml")));

        Assert.Equal(("broken", "not today"), listener.NextHealth());
        File.WriteAllText(folder.Path("agent.yaml"), "a");
        Assert.Equal(HostChange.Settings, listener.Next());
    }

    [Fact]
    public void ASourceThatStartsLaterReportsOnceThatItWasDownAndWhatItMayHaveMissed()
    {
        using var listener = new Listener(null, new BrokenSource(opensAt: 4));

        Assert.Equal(("broken", "not today"), listener.NextHealth());
        Assert.Equal(("broken", null), listener.NextHealth());
        Assert.Equal(HostChange.Firewalld, listener.Next());
    }

    [Fact]
    public void ASourceWhoseDescriptorHangsUpIsClosedAndNotSpunOn()
    {
        using var folder = new TemporaryFolder();
        using var source = new HungUpSource();
        using var listener = new Listener(
            null, TimeSpan.FromHours(1), source, new FileEvents("file events", HostChange.Settings, folder.Path("agent.yaml")));

        Assert.Equal("hung up", listener.NextHealth().Source);
        Assert.Equal(HostChange.Addresses, listener.Next());
        File.WriteAllText(folder.Path("agent.yaml"), "a");
        listener.Until(HostChange.Settings);
        Assert.Equal((1, 1), (source.Opened, source.Drained));
    }

    [Fact]
    public void StoppingEndsTheWaitOfAllSources()
    {
        using var folder = new TemporaryFolder();
        // Dispose fails when the thread does not end.
        using var listener = new Listener(
            null,
            new AddressEvents(),
            new FileEvents("file events", HostChange.Settings, folder.Path("a")),
            new FirewalldEvents($"unix:path={folder.Path("no-bus")}"));
        var (source, reason) = listener.NextHealth();
        Assert.Equal("firewalld events", source);
        Assert.Equal($"no system bus at unix:path={folder.Path("no-bus")}: No such file or directory", reason);
    }

    private sealed class BrokenSource(int opensAt) : EventSource("broken", HostChange.Firewalld)
    {
        private int _tries;

        public override int Descriptor => -1;

        public override void Open()
        {
            if (++_tries < opensAt)
                throw new EventSourceException("not today");
        }

        public override HostChange Drain() => HostChange.None;

        public override void Close()
        {
        }
    }

    /// <summary>A pipe with a closed other end: every poll returns at once.</summary>
    private sealed class HungUpSource() : EventSource("hung up", HostChange.Addresses)
    {
        private System.IO.Pipes.AnonymousPipeServerStream? _pipe;

        public int Opened { get; private set; }

        public int Drained { get; private set; }

        public override int Descriptor => (int)_pipe!.SafePipeHandle.DangerousGetHandle();

        public override void Open()
        {
            Opened++;
            _pipe = new(System.IO.Pipes.PipeDirection.In);
            _pipe.DisposeLocalCopyOfClientHandle();
        }

        public override HostChange Drain()
        {
            Drained++;
            return HostChange.None;
        }

        public override void Close() => _pipe?.Dispose();
    }
}
