using Microsoft.Extensions.Time.Testing;
using SmmAgent.Daemon.Privileged;

namespace SmmAgent.Tests.Daemon.Privileged;

public sealed class ReconcileRequestTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("smm-request-");
    private readonly FakeTimeProvider _time = new();
    private readonly RecordingLogger<ReconcileRequest> _log = new();
    private readonly ReconcileRequest _request;

    public ReconcileRequestTests() => _request = new ReconcileRequest(File, _time, _log);

    private string File => Path.Combine(_folder.FullName, "reconcile-request");

    [Fact]
    public void WorkForRootCreatesTheFileAndIsLoggedOnce()
    {
        _request.Request(["open 8080 in firewalld's zone public"]);

        Assert.Empty(System.IO.File.ReadAllBytes(File));
        Assert.Equal(["Information: Requested a privileged reconcile: open 8080 in firewalld's zone public"], _log.Lines);
    }

    [Fact]
    public void GrownDelaysAreResetAfterAChange()
    {
        for (var times = 0; times < 6; times++)
            _time.Advance(_request.Request(["open 8080"])!.Value);
        _request.Request(["open 8080"]);
        System.IO.File.Delete(File);
        _time.Advance(ReconcileRequest.First);
        Assert.True(_request.Request(["open 8080"]) > ReconcileRequest.First);
        Assert.False(System.IO.File.Exists(File));

        _request.ResetDelays();

        Assert.Equal(2 * ReconcileRequest.First, _request.Request(["open 8080"]));
        Assert.True(System.IO.File.Exists(File));
        System.IO.File.Delete(File);

        // Many changes do not shorten the minimum time between two requests.
        _request.ResetDelays();
        _request.Request(["open 8080"]);
        Assert.False(System.IO.File.Exists(File));
    }

    [Fact]
    public void NoFileExistsWithoutWorkForRoot()
    {
        Assert.Null(_request.Request([]));
        Assert.False(System.IO.File.Exists(File));
    }

    [Fact]
    public void SameWorkIsRequestedWithAGrowingDelayAndLoggedOnce()
    {
        List<TimeSpan> requests = [];
        for (var waited = TimeSpan.Zero; waited <= TimeSpan.FromHours(3);)
        {
            var wait = _request.Request(["open 8080"])!.Value;
            if (System.IO.File.Exists(File))
                requests.Add(waited);
            System.IO.File.Delete(File);
            _time.Advance(wait);
            waited += wait;
        }

        Assert.Equal([0, 0.5, 1.5, 3.5, 7.5, 15.5, 31.5, 63.5, 123.5], requests.Select(at => at.TotalMinutes));
        Assert.Single(_log.Lines);
    }

    [Fact]
    public void NothingIsRequestedBeforeTheNextRequestIsDue()
    {
        _request.Request(["open 8080"]);
        System.IO.File.Delete(File);
        _time.Advance(TimeSpan.FromSeconds(12));

        Assert.Equal(TimeSpan.FromSeconds(18), _request.Request(["open 8080"]));
        Assert.False(System.IO.File.Exists(File));
    }

    [Fact]
    public void NewAndReturningWorkIsRequestedAtOnce()
    {
        _request.Request(["open 8080"]);
        System.IO.File.Delete(File);

        _request.Request(["open 8082"]);
        Assert.True(System.IO.File.Exists(File));
        System.IO.File.Delete(File);

        _request.Request([]);
        _request.Request(["open 8082"]);
        Assert.True(System.IO.File.Exists(File));
    }

    [Fact]
    public void PartlyCompletedWorkIsNotNewWork()
    {
        _request.Request(["open 8080", "open 8082"]);
        System.IO.File.Delete(File);

        Assert.Equal(ReconcileRequest.First, _request.Request(["open 8082"]));
        Assert.False(System.IO.File.Exists(File));

        _request.Request(["open 8082", "open 8080"]);
        Assert.True(System.IO.File.Exists(File));
    }

    [Fact]
    public void NewWorkDoesNotShortenTheDelayOfFailingWork()
    {
        _request.Request(["install"]);
        for (var waited = ReconcileRequest.First; waited < ReconcileRequest.Maximum; waited *= 2)
        {
            _time.Advance(waited);
            _request.Request(["install"]);
        }

        _time.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal(ReconcileRequest.First, _request.Request(["fetch a token", "install"]));
        System.IO.File.Delete(File);

        Assert.Equal(ReconcileRequest.Maximum, _request.Request(["install"]));
        Assert.False(System.IO.File.Exists(File));
    }

    [Fact]
    public void FailedRequestIsLoggedOnceWithTheCommandToRun()
    {
        _folder.Delete();

        _request.Request(["open 8080"]);
        _time.Advance(ReconcileRequest.First);
        _request.Request(["open 8080"]);
        _folder.Create();

        var line = Assert.Single(_log.Lines);
        Assert.StartsWith("Warning: Cannot request a privileged reconcile (open 8080): ", line, StringComparison.Ordinal);
        Assert.EndsWith("; run: sudo smm-agent reconcile", line, StringComparison.Ordinal);
    }

    public void Dispose()
    {
        _folder.Delete(recursive: true);
        _log.Dispose();
    }
}
