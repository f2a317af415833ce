using SmmAgent.Cli;
using SmmAgent.Core.Settings;
using SmmAgent.Linux.State;

namespace SmmAgent.Tests.Cli;

/// <summary>Root's part of an identity: agent.yaml's uuid belongs to the machine on which it was first seen.</summary>
public sealed class UuidBindingTests : IDisposable
{
    private static readonly Guid Old = Guid.Parse("0327b100-a008-4364-a2b3-7d1777bb5b9a");

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("smm-binding");
    private readonly StringWriter _output = new();
    private readonly AgentPaths _paths;

    public UuidBindingTests()
    {
        _paths = new(_folder.FullName);
        Directory.CreateDirectory(_paths.ConfigDirectory);
        File.WriteAllText(_paths.Settings, $"# mine\nuuid: {Old}\n");
    }

    public void Dispose()
    {
        _output.Dispose();
        _folder.Delete(recursive: true);
    }

    [Fact]
    public void AUuidThatIsNotBoundYetIsBoundAndStays()
    {
        Bind(Old, "one");
        Bind(Old, "one");

        Assert.Equal(Old, InFile());
        Assert.Equal(new UuidBinding(Old, "one", null), UuidBinding.Load(_paths));
        Assert.Equal(AtomicFile.Private, File.GetUnixFileMode(_paths.HostIdentity));
        Assert.Empty(_output.ToString());
    }

    [Fact]
    public void ACopyOfTheMachineGetsAUuidOfItsOwnAndKeepsNothingOfTheOther()
    {
        Bind(Old, "one");
        File.WriteAllText(_paths.HostLastKnownAddress, "{}");
        File.WriteAllText(_paths.HostToken, "token");

        Bind(Old, "two");

        var own = InFile();
        Assert.NotEqual(Old, own);
        Assert.Equal(new UuidBinding(own!.Value, "two", Old), UuidBinding.Load(_paths));
        Assert.False(File.Exists(_paths.HostLastKnownAddress));
        Assert.False(File.Exists(_paths.HostToken));
        Assert.StartsWith("# mine\n", File.ReadAllText(_paths.Settings), StringComparison.Ordinal);
        Assert.Equal(
            $"✓ this VM is a copy of another machine (/etc/machine-id differs), new uuid is generated uuid={own} replaced={Old}\n", _output.ToString());

        Bind(own.Value, "two");
        Assert.Equal(own, InFile());
    }

    [Fact]
    public void TheUuidOfTheOtherMachineIsReplacedAgainWhereItComesBack()
    {
        Bind(Old, "one");
        Bind(Old, "two");
        File.WriteAllText(_paths.Settings, $"uuid: {Old}\n");

        Bind(Old, "two");

        Assert.NotEqual(Old, InFile());
    }

    [Fact]
    public void AUuidThatTheOperatorSetIsBoundToThisMachine()
    {
        Bind(Old, "one");
        var set = Guid.NewGuid();
        File.WriteAllText(_paths.Settings, $"uuid: {set}\n");

        Bind(set, "two");

        Assert.Equal(set, InFile());
        Assert.Equal("two", UuidBinding.Load(_paths)!.Machine);
    }

    [Fact]
    public void WithoutAMachineIdNothingIsBound()
    {
        Bind(Old, null);

        Assert.Null(UuidBinding.Load(_paths));
    }

    private void Bind(Guid uuid, string? machine) =>
        Assert.Equal(ExitCode.Done, MissingUuid.Bind(_paths, uuid, machine, new Progress(_output, colour: false)));

    private Guid? InFile() => SettingsReader.Read(File.ReadAllBytes(_paths.Settings)).Settings!.Uuid;
}
