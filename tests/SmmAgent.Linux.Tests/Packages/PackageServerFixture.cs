using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Time.Testing;
using SmmAgent.Contract;
using SmmAgent.Linux.Packages;

namespace SmmAgent.Linux.Tests.Packages;

/// <summary>A cache, a server that has one package, and a download between them.</summary>
internal sealed class PackageServerFixture : IAsyncDisposable
{
    public const string ETag = "\"e1\"";

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("smm-packages");

    public PackageServerFixture()
    {
        Cache = new(Path.Combine(_folder.FullName, "cache"));
        Source = new(Server.Url, null, "1.2.3");
        Server.Answers = request => Ranged(request);
    }

    public static string Body { get; } =
        string.Concat(Enumerable.Range(0, 30_000).Select(i => i.ToString("D9", CultureInfo.InvariantCulture) + "\n"));

    public static Package Package { get; } = new()
    {
        Name = "istio-sidecar", Version = "1.15.3", Format = PackageFormat.Deb, Architecture = "amd64",
        Path = "/packages/istio-sidecar_1.15.3_amd64.deb",
        Sha256 = Sha256(Body), Size = Body.Length,
    };

    public RawServer Server { get; } = new();

    public PackageCache Cache { get; set; }

    public PackageSource Source { get; set; }

    public TimeProvider Time { get; set; } = TimeProvider.System;

    public List<RawRequest> Requests { get; } = [];

    public string Final => Cache.PathOf(Package);

    public string Part => Final + ".part";

    public string Below(string name) => Path.Combine(_folder.FullName, name);

    public static string Sha256(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.ASCII.GetBytes(text)));

    public async Task<(string? Path, PackageFailure? Failure)> FetchAsync(
        Package? package = null, Action<long, long?>? progress = null, bool bypassBackoff = false, CancellationToken? cancel = null)
    {
        var fetch = new PackageDownload(Cache, Source, Time).RunAsync(
            package ?? Package, progress, cancel ?? TestContext.Current.CancellationToken, bypassBackoff);

        // Between fork and exec, a process that another test starts has a copy of the cache's lock. The wait for the lock uses this clock.
        while (Time is FakeTimeProvider clock && await Task.WhenAny(fetch, Task.Delay(100)) != fetch)
            clock.Advance(TimeSpan.FromMilliseconds(20));
        return await fetch;
    }

    public async Task<PackageFailure> FailAsync(Package? package = null)
    {
        var (path, failure) = await FetchAsync(package);
        Assert.Null(path);
        return Assert.IsType<PackageFailure>(failure);
    }

    public async Task ArrivesAsync()
    {
        var (path, failure) = await FetchAsync();
        Assert.Null(failure);
        Assert.Equal(Final, path);
        Assert.Equal(Body, await File.ReadAllTextAsync(Final));
        Assert.False(File.Exists(Part));
    }

    /// <summary>Answers as the contract requires of a dashboard.</summary>
    public string Ranged(RawRequest request, string etag = ETag)
    {
        Requests.Add(request);
        return From(request) is { } from && request.Header("If-Range") == etag
            ? RawServer.Answer("206 Partial Content", Body[from..],
                $"ETag: {etag}\r\nContent-Range: bytes {from}-{Body.Length - 1}/{Body.Length}\r\n")
            : RawServer.Answer("200 OK", Body, $"ETag: {etag}\r\n");
    }

    public static int? From(RawRequest request) => request.Header("Range") is { } range
        ? int.Parse(range["bytes=".Length..^1], CultureInfo.InvariantCulture)
        : null;

    /// <summary>Sends a part of the announced bytes, and closes the connection.</summary>
    public string? Cut(RawRequest request, int bytes)
    {
        Requests.Add(request);
        var from = From(request) ?? 0;
        var head = from == 0 ? "200 OK" : "206 Partial Content";
        request.WriteAsync(
            $"HTTP/1.1 {head}\r\nETag: {ETag}\r\nContent-Length: {Body.Length - from}\r\n"
            + (from == 0 ? "" : $"Content-Range: bytes {from}-{Body.Length - 1}/{Body.Length}\r\n")
            + $"\r\n{Body.Substring(from, bytes)}").GetAwaiter().GetResult();
        request.Close();
        return null;
    }

    /// <summary>Leaves a partial download, as an interrupted attempt does.</summary>
    public async Task LeavePartAsync(int bytes = 100_000)
    {
        var count = 0;
        Server.Answers = request => count++ == 0 ? Cut(request, bytes) : RawServer.Answer("503 Service Unavailable", "");
        await FetchAsync();
        Assert.Equal(bytes, new FileInfo(Part).Length);
        Requests.Clear();
    }

    public async ValueTask DisposeAsync()
    {
        Source.Dispose();
        await Server.DisposeAsync();
        _folder.Delete(recursive: true);
    }
}
