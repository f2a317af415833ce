using System.Security.Cryptography;
using SmmAgent.Contract;
using SmmAgent.Linux.Files;
using SmmAgent.Linux.Identity;

namespace SmmAgent.Tests.Identity;

public sealed class BootInstanceTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("smm-boot-");

    private string File => Path.Combine(_folder.FullName, "instance");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public void InstanceIsKeptAcrossARestartAndRenewedAtBoot()
    {
        var first = Load();

        Assert.Equal(first, Load());
        Assert.Null(NameRules.Instance(first!));
        Assert.Equal(AtomicFile.Private, System.IO.File.GetUnixFileMode(File));

        System.IO.File.Delete(File); // /run is empty after a boot
        Assert.NotEqual(first, Load());
    }

    [Theory]
    [InlineData("")]
    [InlineData("short")]
    [InlineData("0123456789abcdef\n")]
    public void DamagedInstanceIsReplaced(string content)
    {
        System.IO.File.WriteAllText(File, content);

        Assert.Null(NameRules.Instance(Load()!));
        Assert.Equal(Load(), Load());
    }

    [Fact]
    public void InstanceThatCannotBeStoredIsNull() =>
    Assert.Null(BootInstance.LoadOrCreate(Path.Combine(_folder.FullName, "missing/instance"), RandomNumberGenerator.Fill));

    private string? Load() => BootInstance.LoadOrCreate(File, RandomNumberGenerator.Fill);
}
