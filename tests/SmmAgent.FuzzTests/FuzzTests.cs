using System.Diagnostics;

namespace SmmAgent.FuzzTests;

/// <summary>
/// Every target over a few inputs that are the same in each run, and the inputs that once were a fault. `./build.sh fuzz` looks for more.
/// </summary>
public sealed class FuzzTests : IDisposable
{
    private readonly string _findings = Directory.CreateTempSubdirectory("smm-fuzz-").FullName;

    public void Dispose() => Directory.Delete(_findings, recursive: true);

    [Fact]
    public async Task TargetsHaveNoFailures()
    {
        var (code, output) = await FuzzAsync("--inputs", "200", "--seed", "1");
        Assert.True(code == 0, output);
        // A run without targets would also pass.
        Assert.True(output.Split('\n').Count(line => line.Contains(" faults 0", StringComparison.Ordinal)) >= 40, output);
    }

    [Theory]
    [InlineData("engine-throws", "InvalidOperationException")]
    [InlineData("engine-hangs", "it took 1.")]
    [InlineData("engine-grows", "more are in use")]
    [InlineData("engine-allocates", "it allocated 2")]
    [InlineData("engine-overflows", "ended its process with 134")]
    public async Task FailureIsFoundAndItsInputIsKept(string target, string fault)
    {
        var (code, output) = await FuzzAsync(target, "--inputs", "2000", "--seed", "1");
        Assert.Equal(1, code);
        Assert.Contains(fault, output, StringComparison.Ordinal);
        if (target is "engine-throws" or "engine-overflows")
            Assert.Contains("]]", await File.ReadAllTextAsync(Directory.EnumerateFiles(Path.Combine(_findings, target)).Single(),
                TestContext.Current.CancellationToken), StringComparison.Ordinal);
    }

    private async Task<(int Code, string Output)> FuzzAsync(params string[] arguments)
    {
        var start = new ProcessStartInfo(
            Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet",
            [Path.Combine(AppContext.BaseDirectory, "SmmAgent.Fuzz.dll"), .. arguments, "--findings", _findings])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        // No core dump for the intended stack overflow.
        start.Environment["DOTNET_DbgEnableMiniDump"] = "0";
        using var process = Process.Start(start)!;
        var errors = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        var output = await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        return (process.ExitCode, output + await errors);
    }
}
