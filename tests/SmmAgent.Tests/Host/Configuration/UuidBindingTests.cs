using SmmAgent.Core.Settings;
using SmmAgent.Core.Sidecar.Configuration;
using SmmAgent.Host;
using SmmAgent.Host.Configuration;
using SmmAgent.Linux.Files;
using SmmAgent.Linux.Identity;
using SmmAgent.Linux.Locks;
using SmmAgent.Tests.Host.Fakes;

namespace SmmAgent.Tests.Host.Configuration;

/// <summary>The binding of the uuid in agent.yaml to the machine on which root first read it.</summary>
public sealed class UuidBindingTests : IDisposable
{
    private static readonly Guid Old = Guid.Parse("0327b100-a008-4364-a2b3-7d1777bb5b9a");

    private readonly HostFixture _host = new();
    private readonly AgentPaths _paths;

    public UuidBindingTests()
    {
        _paths = _host.Paths;
        File.WriteAllText(_paths.Settings, $"# mine\nuuid: {Old}\n");
    }

    public void Dispose() => _host.Dispose();

    [Fact]
    public void AUuidThatIsNotBoundYetIsBoundAndStays()
    {
        Bind(Old, "one");
        Bind(Old, "one");

        Assert.Equal(Old, InFile());
        Assert.Equal(new UuidBinding(Old, "one", null), UuidBinding.Load(_paths));
        Assert.Equal(AtomicFile.Private, File.GetUnixFileMode(_paths.HostIdentity));
        Assert.Empty(_host.Output);
    }

    [Fact]
    public void CopyOfTheMachineGetsANewUuidAndKeepsNothingOfTheOther()
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
            $"✓ this VM is a copy of another machine (/etc/machine-id differs), new uuid is generated uuid={own} replaced={Old}\n",
            _host.Output);

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
    public void AFailedWriteKeepsTheUuidOfTheOtherMachine()
    {
        Bind(Old, "one");
        // The name is so long that no temporary file fits beside it.
        var target = Path.Combine(_paths.ConfigDirectory, new string('x', 250));
        File.Move(_paths.Settings, target);
        File.CreateSymbolicLink(_paths.Settings, target);

        Assert.Equal(ExitCode.Failed, AgentUuid().Bind(Old, "two"));

        Assert.Equal(Old, InFile());
        Assert.Equal(("two", (Guid?)Old), (UuidBinding.Load(_paths)!.Machine, UuidBinding.Load(_paths)!.Retired));

        File.Delete(_paths.Settings);
        File.Move(target, _paths.Settings);
        Bind(Old, "two");
        Assert.Equal(new UuidBinding(InFile()!.Value, "two", Old), UuidBinding.Load(_paths));
        Assert.NotEqual(Old, InFile());
    }

    [Fact]
    public void ACopyLosesTheSidecarsTokenCertificateAndKey()
    {
        Bind(Old, "one");
        foreach (var secret in SidecarFiles.CredentialFiles.Append(SidecarFiles.RootCertificate))
        {
            Directory.CreateDirectory(Path.GetDirectoryName(On(secret))!);
            File.WriteAllText(On(secret), "of the other machine");
        }

        Bind(Old, "two");

        Assert.Equal(["/etc/certs/cert-chain.pem", "/etc/certs/key.pem", "/var/run/secrets/tokens/istio-token"],
            SidecarFiles.CredentialFiles.Order());
        Assert.DoesNotContain(SidecarFiles.CredentialFiles, secret => File.Exists(On(secret)));
        Assert.True(File.Exists(On(SidecarFiles.RootCertificate)));
    }

    [Theory]
    [InlineData("0327b100-a008-4364-a2b3-7d1777bb5b9a", false)]
    [InlineData("an operator's", true)]
    public void ACopyLosesAClusterEnvThatNamesTheOtherMachineAndKeepsAnOperatorsOwn(string label, bool stays)
    {
        Bind(Old, "one");
        Directory.CreateDirectory(Path.GetDirectoryName(On(SidecarFiles.ClusterEnvironment))!);
        File.WriteAllText(On(SidecarFiles.ClusterEnvironment), $"ISTIO_METAJSON_LABELS='{{\"smm-agent.io/uuid\":\"{label}\"}}'\n");
        Bind(Old, "one");
        Assert.True(File.Exists(On(SidecarFiles.ClusterEnvironment)));

        Bind(Old, "two");

        Assert.Equal(stays, File.Exists(On(SidecarFiles.ClusterEnvironment)));
    }

    [Fact]
    public void ACopyIsDetectedWithoutAChange()
    {
        Bind(Old, "one");

        Assert.True(AgentUuid().IsOfAnotherMachine(Old, "two"));
        Assert.False(AgentUuid().IsOfAnotherMachine(Old, "one"));
        Assert.False(AgentUuid().IsOfAnotherMachine(Guid.NewGuid(), "two"));
        Assert.False(AgentUuid().IsOfAnotherMachine(Old, null));
        Assert.Equal(new UuidBinding(Old, "one", null), UuidBinding.Load(_paths));
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
        Assert.Equal(ExitCode.Done, AgentUuid().Bind(uuid, machine));

    private string On(string path) => _paths.Root + path;

    private Guid? InFile() => SettingsReader.Read(File.ReadAllBytes(_paths.Settings)).Settings!.Uuid;

    [Fact]
    public async Task AUuidIsGeneratedAfterAChangeThatIsUnderWay()
    {
        using var host = new HostFixture(TimeProvider.System);
        Task<int> making;
        using (ConfigLock.Take(host.Paths.ConfigDirectory, ConfigLock.DefaultTimeout, TimeProvider.System))
        {
            making = Task.Run(() => new AgentUuid(host.Context).Generate(), TestContext.Current.CancellationToken);
            // The other change read the file before, and writes it now.
            await Task.WhenAny(making, Task.Delay(TimeSpan.FromMilliseconds(300), TestContext.Current.CancellationToken));
            await File.WriteAllTextAsync(host.Paths.Settings, "node:\n  ip: 10.1.2.3\n", TestContext.Current.CancellationToken);
        }

        Assert.Equal(0, await making);
        Assert.Matches("^node:\n  ip: 10\\.1\\.2\\.3\nuuid: [0-9a-f-]{36}\n$",
            await File.ReadAllTextAsync(host.Paths.Settings, TestContext.Current.CancellationToken));
    }

    private AgentUuid AgentUuid() => new(_host.Context);
}
