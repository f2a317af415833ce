using System.Diagnostics;
using System.Net;
using MeshStandIn;
using SmmAgent.Core.Reachability;

namespace SmmAgent.Linux.Tests.Network.Probes;

/// <summary>The stand-in gateway as demonstrations run it: a program.</summary>
public sealed class StandInProgramTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly List<Process> _programs = [];

    public void Dispose()
    {
        foreach (var program in _programs)
        {
            program.Kill();
            program.Dispose();
        }

        _folder.Dispose();
    }

    [Fact]
    public async Task GatewayIsReachableUntilSigtermAndTheRootIsKept()
    {
        var address = Loopback.Next();
        var program = await StartAsync(address);
        Assert.All(await LookAsync(address), outcome => Assert.Equal(Outcome.Ok, outcome));
        Assert.Equal(0, await TerminateAsync(program));

        Assert.All(await LookAsync(address), outcome => Assert.Equal(Outcome.Refused, outcome));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(_folder.Path("root-key.pem")));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(_folder.Path("istiod-key.pem")));

        var root = await File.ReadAllTextAsync(_folder.Path("root-cert.pem"), TestContext.Current.CancellationToken);
        var again = await StartAsync(address);
        Assert.Equal(root, await File.ReadAllTextAsync(_folder.Path("root-cert.pem"), TestContext.Current.CancellationToken));
        Assert.Equal(0, await TerminateAsync(again));
    }

    [Theory]
    [InlineData("--bogus")]
    [InlineData("--address", "127.0.0.1")]
    [InlineData("--echo", "80", "--forward-15012", "nowhere")]
    public void WrongCommandLineIsRejected(params string[] arguments) =>
        Assert.Throws<FormatException>(() => StandInOptions.Parse(arguments));

    private async Task<IReadOnlyList<Outcome>> LookAsync(IPAddress address)
    {
        using var authority = StandInAuthority.LoadOrCreate(_folder.Path("."));
        var observation = await Probing.Observer().ObserveAsync(
            Probing.Plan(authority, address.ToString()), null, TestContext.Current.CancellationToken);
        return [.. observation.Gateways.Select(result => result.Current.Outcome)];
    }

    private async Task<Process> StartAsync(IPAddress address)
    {
        var assembly = typeof(StandInGateway).Assembly.Location;
        var start = new ProcessStartInfo(
            "dotnet", [assembly, "--address", address.ToString(), "--certificates", _folder.Path("."), "--san", Probing.IstiodName])
        {
            RedirectStandardOutput = true,
        };
        var program = Process.Start(start)!;
        _programs.Add(program);
        Assert.Equal("mesh-stand-in: ready", await program.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken));
        return program;
    }

    private static async Task<int> TerminateAsync(Process program)
    {
        using var kill = Process.Start("kill", ["-TERM", program.Id.ToString(System.Globalization.CultureInfo.InvariantCulture)]);
        await program.WaitForExitAsync(TestContext.Current.CancellationToken);
        return program.ExitCode;
    }
}
