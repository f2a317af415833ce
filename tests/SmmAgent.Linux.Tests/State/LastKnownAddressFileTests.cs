using System.Net;
using SmmAgent.Core.Address;
using SmmAgent.Linux.State;

namespace SmmAgent.Linux.Tests.State;

public sealed class LastKnownAddressFileTests : IDisposable
{
    private static readonly LastKnownAddress Address = new(
        IPAddress.Parse("198.18.0.5"), "https://a.example/ip", null, new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero));

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void WrittenAddressIsRead()
    {
        var file = new LastKnownAddressFile(_folder.Path("address.json"));

        Assert.Null(file.Write(Address));
        Assert.Equal(Address, file.Read(out var problem));
        Assert.Null(problem);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(_folder.Path("address.json")));
    }

    [Fact]
    public void MissingFileIsNotAProblem()
    {
        Assert.Null(new LastKnownAddressFile(_folder.Path("address.json")).Read(out var problem));
        Assert.Null(problem);
    }

    [Theory]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("null")]
    [InlineData("{}")]
    [InlineData("""{"address":null,"source":"route","confirmedAt":"2026-01-02T03:04:05Z"}""")]
    [InlineData("""{"address":"127.0.0.1","source":"route","network":"","confirmedAt":"2026-01-02T03:04:05Z"}""")]
    [InlineData("""{"address":"10.0.0.1","source":"https://a.example/ip","network":null,"confirmedAt":"2026-01-02T03:04:05Z"}""")]
    [InlineData("""{"address":"gw.example","source":"route","network":"","confirmedAt":"2026-01-02T03:04:05Z"}""")]
    public void DamagedFileIsIgnoredAndReported(string text)
    {
        Assert.Null(new LastKnownAddressFile(_folder.Write("address.json", text)).Read(out var problem));
        Assert.NotNull(problem);
    }

    [Fact]
    public void MissingFolderIsReported() =>
        Assert.NotNull(new LastKnownAddressFile(_folder.Path("missing/address.json")).Write(Address));
}
