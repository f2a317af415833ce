using SmmAgent.Contract;
using System.Security.Cryptography;
using SmmAgent.Contract.Signing;
using SmmAgent.Core.Packages;
using SmmAgent.Linux.Packages;

namespace SmmAgent.Linux.Tests.Packages;

public sealed class PackageApprovalTests : IAsyncDisposable
{
    private readonly RawServer _server = new();
    private readonly SignedList _list;
    private readonly PackageSource _source;

    public PackageApprovalTests() => (_list, _source) = (new(_server), new(_server.Url, null, "1.2.3"));

    [Fact]
    public async Task PackageInASignedListIsAllowedAndOlderListsAreRefusedAfterwards()
    {
        _list.Sign(PackageServerFixture.Package);
        var approval = _list.Approval();
        Assert.Null(await approval.ApproveAsync(_source, PackageServerFixture.Package, TestContext.Current.CancellationToken));
        Assert.Null(approval.Recheck(PackageServerFixture.Package));
        Assert.Equal(PackageFailureReason.NotInList,
            approval.Recheck(PackageServerFixture.Package with { Sha256 = new string('0', 64) })?.Reason);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(_list.AcceptedFile));

        _list.Serve(_list.Seal(_list.Now.AddMinutes(-1), PackageServerFixture.Package));
        Assert.Equal(PackageFailureReason.ListSuperseded, (await RefusalAsync()).Reason);

        // The lists of each key have a time of their own: a stolen key does not block the lists of another key.
        var other = PackageSigningKey.New();
        _list.Serve(SignedPackageList.Seal(
            new() { Format = 1, Issued = _list.Now.AddMinutes(-1), Expires = _list.Now.AddDays(1), Packages = Named }, [other]));
        Assert.Null(await _list.Approval(other.Public)
            .ApproveAsync(_source, PackageServerFixture.Package, TestContext.Current.CancellationToken));
        Assert.Equal(2, File.ReadAllLines(_list.AcceptedFile).Length);
    }

    [Fact]
    public async Task ListOfADistantTimeDoesNotKeepAnotherKeysListsOut()
    {
        var (stolen, successor) = (PackageSigningKey.New(), PackageSigningKey.New());
        foreach (var (key, issued) in new[] { (stolen, new DateTimeOffset(6000, 1, 1, 0, 0, 0, TimeSpan.Zero)), (successor, _list.Now) })
        {
            _list.Serve(SignedPackageList.Seal(
                new() { Format = 1, Issued = issued, Expires = issued.AddDays(1), Packages = Named }, [key]));
            Assert.Null(await _list.Approval(key.Public)
                .ApproveAsync(_source, PackageServerFixture.Package, TestContext.Current.CancellationToken));
        }
    }

    [Fact]
    public async Task MissingListIsReported()
    {
        var refusal = await RefusalAsync();
        Assert.Equal(PackageFailureReason.NoPackageList, refusal.Reason);
        Assert.Equal(
            $"istio-sidecar 1.15.3 is not installed: the dashboard has no signed package list: {_server.Url}packages/package-list.json "
                + "answered 404; sign its packages: smm-dashboard sign-packages --key FILE DIR",
            $"{refusal}");
    }

    [Fact]
    public async Task NothingIsRequestedWithoutATrustedKey()
    {
        var approval = new PackageApproval(new([], false, []), new(_list.AcceptedFile), TimeProvider.System);
        Assert.Equal(PackageFailureReason.NoTrustedKey,
            (await approval.ApproveAsync(_source, PackageServerFixture.Package, TestContext.Current.CancellationToken))?.Reason);
        Assert.Null(await new PackageApproval(new([], true, []), new(_list.AcceptedFile), TimeProvider.System).ApproveAsync(
            _source, PackageServerFixture.Package, TestContext.Current.CancellationToken));
        Assert.Equal(0, _server.Count);
    }

    [Fact]
    public async Task ListThatIsTooLargeIsNotRead()
    {
        _list.Serve([.. Enumerable.Repeat((byte)' ', SignedPackageList.MaximumBytes + 1)]);
        Assert.Equal(
            (PackageFailureReason.BrokenPackageList,
                "istio-sidecar 1.15.3 is not installed: the dashboard's package list is larger than 1048576 bytes"),
                await RefusalTextAsync());
    }

    [Fact]
    public async Task DamagedRecordAllowsNothingAndIsReportedWithARemediation()
    {
        Directory.CreateDirectory(Path.GetDirectoryName(_list.AcceptedFile)!);
        await File.WriteAllTextAsync(_list.AcceptedFile, "x\n", TestContext.Current.CancellationToken);
        _list.Sign(PackageServerFixture.Package);
        Assert.Equal(
            (PackageFailureReason.ListSuperseded,
                $"istio-sidecar 1.15.3 is not installed: {_list.AcceptedFile} is damaged: remove it, and an older package list "
                    + "may be accepted once"),
            await RefusalTextAsync());
    }

    [Fact]
    public void FileOfAnotherDownloaderIsCheckedByItsHash()
    {
        var agent = PackageServerFixture.Package with { Name = "smm-agent" };
        var list = _list.Seal(_list.Now, agent);

        Assert.Equal("1.15.3", _list.Approval().Approve(list, "smm-agent", agent.Sha256!).Package?.Version);
        Assert.Equal(PackageFailureReason.NotInList,
            _list.Approval().Approve(list, "smm-agent", Convert.ToHexStringLower(SHA256.HashData([1]))).Failure?.Reason);
        Assert.Equal(PackageFailureReason.NotInList, _list.Approval().Approve(list, "istio-sidecar", agent.Sha256!).Failure?.Reason);
        Assert.Equal(PackageFailureReason.UnknownKey,
            _list.Approval(PackageSigningKey.New().Public).Approve(list, "smm-agent", agent.Sha256!).Failure?.Reason);
        Assert.Equal(PackageFailureReason.BrokenPackageList, _list.Approval().Approve([1, 2], "smm-agent", agent.Sha256!).Failure?.Reason);
    }

    public async ValueTask DisposeAsync()
    {
        _source.Dispose();
        _list.Dispose();
        await _server.DisposeAsync();
    }

    private static ListedPackage[] Named =>
    [
        new() { Name = "istio-sidecar", Version = "1.15.3", Format = PackageFormat.Deb, Architecture = "amd64",
            Size = PackageServerFixture.Package.Size!.Value, Sha256 = PackageServerFixture.Package.Sha256! },
    ];

    private async Task<PackageFailure> RefusalAsync() =>
        Assert.IsType<PackageFailure>(
            await _list.Approval().ApproveAsync(_source, PackageServerFixture.Package, TestContext.Current.CancellationToken));

    private async Task<(PackageFailureReason Reason, string Message)> RefusalTextAsync() =>
        await RefusalAsync() is var refusal ? (refusal.Reason, refusal.Message) : default;
}
