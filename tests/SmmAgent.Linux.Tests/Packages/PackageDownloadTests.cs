using Microsoft.Extensions.Time.Testing;
using SmmAgent.Core.Packages;

namespace SmmAgent.Linux.Tests.Packages;

public sealed class PackageDownloadTests : IAsyncDisposable
{
    private readonly PackageServerFixture _house = new();

    public ValueTask DisposeAsync() => _house.DisposeAsync();

    [Fact]
    public async Task DownloadIsCompleteForRootOnlyAndSendsNoToken()
    {
        var shown = new List<(long, long?)>();

        var (path, failure) = await _house.FetchAsync(progress: (bytes, total) => shown.Add((bytes, total)));

        Assert.Null(failure);
        Assert.Equal(PackageServerFixture.Body, await File.ReadAllTextAsync(path!, TestContext.Current.CancellationToken));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(path!));
        Assert.Equal((0, PackageServerFixture.Body.Length), shown[0]);
        Assert.Equal((PackageServerFixture.Body.Length, PackageServerFixture.Body.Length), shown[^1]);
        var request = Assert.Single(_house.Requests);
        Assert.Null(request.Header("Authorization"));
        Assert.Null(request.Header("Range"));
        Assert.Equal("smm-agent/1.2.3", request.Header("User-Agent"));
        Assert.False(File.Exists(_house.Part) || File.Exists(_house.Part + ".etag"));
    }

    [Fact]
    public async Task PackageInTheCacheIsNotDownloadedAgain()
    {
        await _house.ArrivesAsync();
        await _house.ArrivesAsync();

        Assert.Equal(1, _house.Server.Count);
    }

    [Fact]
    public async Task PackageThatWasDamagedInTheCacheIsFetchedAgain()
    {
        await _house.ArrivesAsync();
        await File.AppendAllTextAsync(_house.Final, "x", TestContext.Current.CancellationToken);

        await _house.ArrivesAsync();

        Assert.Equal(2, _house.Server.Count);
    }

    [Fact]
    public async Task BrokenConnectionIsReplacedForTheRest()
    {
        _house.Server.Answers = request => _house.Requests.Count < 3 ? _house.Cut(request, 50_000) : _house.Ranged(request);

        await _house.ArrivesAsync();

        Assert.Equal([null, "bytes=50000-", "bytes=100000-", "bytes=150000-"], _house.Requests.Select(request => request.Header("Range")));
        Assert.All(_house.Requests.Skip(1), request => Assert.Equal(PackageServerFixture.ETag, request.Header("If-Range")));
    }

    [Fact]
    public async Task ServerThatKeepsClosingConnectionsIsGivenUp()
    {
        _house.Server.Answers = request => _house.Cut(request, 1_000);

        var failure = await _house.FailAsync();

        Assert.Equal(PackageFailureReason.CutOff, failure.Reason);
        Assert.Equal(5, _house.Server.Count);
        Assert.Equal(5_000, new FileInfo(_house.Part).Length);
    }

    [Fact]
    public async Task CancelledDownloadLeavesAPartThatTheNextContinues()
    {
        using var cancel = new CancellationTokenSource();
        _house.Server.Answers = request =>
        {
            request.WriteAsync(
                $"HTTP/1.1 200 OK\r\nETag: {PackageServerFixture.ETag}\r\nContent-Length: "
                    + $"{PackageServerFixture.Body.Length}\r\n\r\n{PackageServerFixture.Body[..90_000]}")
                .GetAwaiter().GetResult();
            return null;
        };
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => _house.FetchAsync(
            progress: (bytes, _) =>
            {
                if (bytes == 90_000)
                    cancel.Cancel();
            },
            cancel: cancel.Token));

        _house.Server.Answers = request => _house.Ranged(request);
        await _house.ArrivesAsync();

        Assert.Equal("bytes=90000-", Assert.Single(_house.Requests).Header("Range"));
    }

    [Fact]
    public async Task SilentServerTimesOutAndThePartialDownloadIsKept()
    {
        var time = new FakeTimeProvider(DateTimeOffset.UnixEpoch.AddYears(50));
        _house.Time = time;
        var came = new TaskCompletionSource();
        _house.Server.Answers = request =>
        {
            request.WriteAsync(
                $"HTTP/1.1 200 OK\r\nETag: {PackageServerFixture.ETag}\r\nContent-Length: "
                    + $"{PackageServerFixture.Body.Length}\r\n\r\n{PackageServerFixture.Body[..90_000]}")
                .GetAwaiter().GetResult();
            return null;
        };

        var fetch = _house.FetchAsync(progress: (bytes, _) =>
        {
            if (bytes == 90_000)
                came.TrySetResult();
        });
        await came.Task.WaitAsync(TimeSpan.FromMinutes(1), TestContext.Current.CancellationToken);
        await Until.TrueAsync(
            () =>
            {
                time.Advance(TimeSpan.FromSeconds(31));
                return fetch.IsCompleted;
            },
            "the silent server was left");

        Assert.Contains("sent nothing for 30 s", (await fetch).Failure!.Message, StringComparison.Ordinal);
        Assert.Equal(90_000, new FileInfo(_house.Part).Length);
    }

    [Fact]
    public async Task ServerThatIgnoresRangesSendsItAllAnew()
    {
        await _house.LeavePartAsync();
        _house.Server.Answers = _ => RawServer.Answer("200 OK", PackageServerFixture.Body, $"ETag: {PackageServerFixture.ETag}\r\n");

        await _house.ArrivesAsync();
    }

    [Fact]
    public async Task FileThatChangedMeanwhileIsFetchedAnew()
    {
        await _house.LeavePartAsync();
        _house.Server.Answers = request => _house.Ranged(request, "\"e2\"");

        await _house.ArrivesAsync();

        Assert.Equal("bytes=100000-", Assert.Single(_house.Requests).Header("Range"));
    }

    [Theory]
    [InlineData("206 Partial Content", "ETag: \"e2\"\r\nContent-Range: bytes 100000-299999/300000\r\n")]
    [InlineData("206 Partial Content", "ETag: \"e1\"\r\nContent-Range: bytes 99999-299999/300000\r\n")]
    [InlineData("206 Partial Content", "ETag: \"e1\"\r\nContent-Range: bytes 100000-299999/300001\r\n")]
    [InlineData("206 Partial Content", "ETag: \"e1\"\r\n")]
    [InlineData("416 Range Not Satisfiable", "Content-Range: bytes */50\r\n")]
    public async Task RestThatDoesNotFitIsDroppedAndAllIsFetchedAnew(string status, string headers)
    {
        await _house.LeavePartAsync();
        _house.Server.Answers = request => PackageServerFixture.From(request) is null
            ? _house.Ranged(request)
            : RawServer.Answer(status, status.StartsWith('4') ? "" : PackageServerFixture.Body[100_000..], headers);

        await _house.ArrivesAsync();

        Assert.Single(_house.Requests);
    }

    [Theory]
    [InlineData("W/\"e1\"")]
    [InlineData("")]
    public async Task PartOfAFileWithoutAStrongETagIsNotContinued(string etag)
    {
        _house.Server.Answers = request =>
        {
            request.WriteAsync(
                $"HTTP/1.1 200 OK\r\n{(etag == "" ? "" : $"ETag: {etag}\r\n")}Content-Length: "
                    + $"{PackageServerFixture.Body.Length}\r\n\r\n{PackageServerFixture.Body[..9]}")
                .GetAwaiter().GetResult();
            request.Close();
            return null;
        };
        Assert.Equal(PackageFailureReason.CutOff, (await _house.FailAsync()).Reason);

        _house.Server.Answers = request => _house.Ranged(request);
        await _house.ArrivesAsync();

        Assert.Null(Assert.Single(_house.Requests).Header("Range"));
    }

    [Fact]
    public async Task DownloadThatExceedsItsAnnouncedSizeIsRemovedAtOnce()
    {
        _house.Server.Answers = request =>
        {
            // The body has no end; it is sent until the client closes the connection.
            try
            {
                request.WriteAsync("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n").GetAwaiter().GetResult();
                while (true)
                    request.WriteAsync(PackageServerFixture.Body).GetAwaiter().GetResult();
            }
            catch (IOException)
            {
                request.Close();
            }

            return null;
        };

        Assert.Contains($"larger than {PackageServerFixture.Body.Length} bytes", (await _house.FailAsync()).Message,
            StringComparison.Ordinal);
        Assert.False(File.Exists(_house.Part));
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(1)]
    public async Task SizeOtherThanInTheMeshConfigurationIsRefused(int more)
    {
        var failure = await _house.FailAsync(PackageServerFixture.Package with { Size = PackageServerFixture.Body.Length + more });

        Assert.Equal(PackageFailureReason.WrongSize, failure.Reason);
        Assert.Contains($"offers 300000 bytes, but the mesh configuration says {300_000 + more}", failure.Message,
            StringComparison.Ordinal);
        Assert.False(File.Exists(_house.Part));
    }

    [Fact]
    public async Task DownloadWithAWrongChecksumIsRemovedAndRetriedWithBackoff()
    {
        var time = new FakeTimeProvider(DateTimeOffset.UnixEpoch.AddYears(50));
        _house.Time = time;
        var wrong = PackageServerFixture.Package with { Sha256 = new string('a', 64) };

        var first = await _house.FailAsync(wrong);
        var second = await _house.FailAsync(wrong);

        Assert.Equal((PackageFailureReason.WrongChecksum, PackageFailureReason.WrongChecksum), (first.Reason, second.Reason));
        Assert.Contains($"its SHA-256 is {PackageServerFixture.Package.Sha256}, not aaaa", first.Message, StringComparison.Ordinal);
        Assert.Contains("it is fetched again at 2020-01-01T00:05:00Z", second.Remediation, StringComparison.Ordinal);
        Assert.False(File.Exists(_house.Part) || File.Exists(_house.Final));
        Assert.Equal(1, _house.Server.Count);

        time.Advance(TimeSpan.FromMinutes(5));
        await _house.FailAsync(wrong);
        time.Advance(TimeSpan.FromMinutes(5)); // twice in a row: the wait has doubled
        await _house.FailAsync(wrong);
        Assert.Equal(2, _house.Server.Count);

        await _house.FetchAsync(wrong, bypassBackoff: true);
        Assert.Equal(3, _house.Server.Count);
        await _house.ArrivesAsync(); // another checksum is another package
    }

    [Theory]
    [InlineData("404 Not Found")]
    [InlineData("500 Internal Server Error")]
    [InlineData("304 Not Modified")]
    public async Task AnswerWithoutAPackageIsReported(string status)
    {
        _house.Server.Answers = _ => RawServer.Answer(status, "");

        var failure = await _house.FailAsync();

        Assert.Equal(PackageFailureReason.Refused, failure.Reason);
        Assert.Equal($"istio-sidecar 1.15.3: {_house.Server.Url}packages/istio-sidecar_1.15.3_amd64.deb answered {status[..3]}",
            failure.ToString());
    }

    [Fact]
    public async Task UnreachableDashboardIsReported()
    {
        await _house.Server.DisposeAsync();

        var failure = await _house.FailAsync();

        Assert.Equal(PackageFailureReason.Unreachable, failure.Reason);
        Assert.Contains("refused the connection", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task NothingIsRequestedWithoutAChecksum()
    {
        Assert.Equal(PackageFailureReason.NotOffered, (await _house.FailAsync(PackageServerFixture.Package with { Sha256 = null })).Reason);
        Assert.Equal(0, _house.Server.Count);
    }

    [Theory]
    [InlineData("//elsewhere.example.com/p.deb")]
    [InlineData("http://elsewhere.example.com/p.deb")]
    [InlineData("file:///etc/shadow")]
    public async Task PathThatLeadsElsewhereIsNotFollowed(string path)
    {
        Assert.Equal(PackageFailureReason.NotOffered, (await _house.FailAsync(PackageServerFixture.Package with { Path = path })).Reason);
        Assert.Equal(0, _house.Server.Count);
    }
}
