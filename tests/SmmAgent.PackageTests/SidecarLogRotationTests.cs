using System.Globalization;
using System.Text;

namespace SmmAgent.PackageTests;

/// <summary>
/// The shipped script and rule with the real logrotate, in a folder that belongs to another user, as /var/log/istio does.
/// </summary>
public sealed class SidecarLogRotationTests : IDisposable
{
    private const string Owner = "65534";
    private const int MiB = 1 << 20;

    private readonly TemporaryFolder _folder = new();

    private string Logs => Path.Combine(_folder.Root, "istio");

    private string Log => Path.Combine(Logs, "istio.log");

    private string ErrorLog => Path.Combine(Logs, "istio.err.log");

    private string OperatorRules => Path.Combine(_folder.Root, "logrotate.d");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task LogLargerThan20MiBIsRotatedWhileItsWriterContinuesAndItsBlocksAreFreed()
    {
        await PrepareAsync();
        await using var writer = await OpenLogAsync();
        await WriteAsync(writer, "first", 21 * MiB);

        await RotateAsync();
        await WriteAsync(writer, "second", 100);

        Assert.True((await BlocksAsync(Log)) <= 64, $"{await BlocksAsync(Log)} blocks");
        Assert.Equal("second", (await File.ReadAllTextAsync(Log, Cancel)).Trim('\0')[..6]);
        Assert.Equal(21 * MiB, new FileInfo($"{Log}.1").Length);
        Assert.Equal($"{Owner}\n", await Tool.OutputAsync("stat", "-c", "%u", $"{Log}.1"));
    }

    // The writer does not append: after a rotation it continues at the offset of 21 MiB.
    [Fact]
    public async Task RotatedSparseLogIsNotRotatedAgain()
    {
        await PrepareAsync();
        await using var writer = await OpenLogAsync();
        await WriteAsync(writer, "first", 21 * MiB);
        await RotateAsync();
        await WriteAsync(writer, "second", 100);
        Assert.True(new FileInfo(Log).Length > 20 * MiB);

        await RotateAsync();

        Assert.False(File.Exists($"{Log}.2"));
        await WriteAsync(writer, "third", 21 * MiB);
        await RotateAsync();
        Assert.True(File.Exists($"{Log}.2"));
        // The old log has the lines, without the hole in front of them.
        var old = await File.ReadAllTextAsync($"{Log}.1", Cancel);
        Assert.Equal(100 + (21 * MiB), old.Length);
        Assert.StartsWith("second", old, StringComparison.Ordinal);
        Assert.Equal("644\n", await Tool.OutputAsync("stat", "-c", "%a", $"{Log}.1"));
    }

    [Fact]
    public async Task FiveOldLogsAreKept()
    {
        await PrepareAsync();
        await using var writer = await OpenLogAsync();
        for (var i = 0; i < 7; i++)
        {
            await WriteAsync(writer, $"round {i}", 21 * MiB);
            await RotateAsync();
        }

        Assert.Equal(
            ["istio.log", "istio.log.1", "istio.log.2", "istio.log.3", "istio.log.4", "istio.log.5"],
            Directory.GetFiles(Logs, "istio.log*").Select(Path.GetFileName).Order(StringComparer.Ordinal));
    }

    [Theory, InlineData(0, false), InlineData(2, true)]
    public async Task SmallLogIsRotatedOnlyOnceItIsADayOld(int days, bool isRotated)
    {
        await PrepareAsync();
        await using var writer = await OpenLogAsync();
        await WriteAsync(writer, "small", 100);
        await File.WriteAllTextAsync(ErrorLog, "", Cancel);
        var rotated = DateTime.Now.AddDays(-days).ToString("yyyy-M-d-H:m:s", CultureInfo.InvariantCulture);
        var state = Path.Combine(Logs, ".smm-agent-logrotate");
        await File.WriteAllTextAsync(state, $"logrotate state -- version 2\n\"{Log}\" {rotated}\n\"{ErrorLog}\" {rotated}\n", Cancel);
        await Tool.OutputAsync("chown", $"{Owner}:{Owner}", state, ErrorLog);

        await RotateAsync();

        Assert.Equal((isRotated, false), (File.Exists($"{Log}.1"), File.Exists($"{ErrorLog}.1")));
    }

    [Theory]
    [InlineData("rule", "LOGS/*.log {\n daily\n}\n", 0b110_100_100, true)]
    [InlineData("rule", "LOGS/istio.log {\n daily\n}\n", 0b110_100_100, true)]
    [InlineData("rule", "\"LOGS/istio.err.log\" {\n daily\n}\n", 0b110_100_100, true)]
    [InlineData("rule", "/var/log/none /srv/none LOGS/istio.log {\n daily\n}\n", 0b110_100_100, true)]
    [InlineData("rule", "FOLDER/*/istio.log {\n daily\n}\n", 0b110_100_100, true)] // a pattern that does not name the folder
    [InlineData("rule", "LOGS/istio.log {\n daily\n}\n", 0b110_000_000, true)] // only root can read it
    [InlineData("rule", "su root root\nLOGS/istio.log {\n daily\n}\n", 0b110_100_100, true)]
    [InlineData("rule", "# LOGS/istio.log {\n", 0b110_100_100, false)]
    [InlineData("rule", "/srvLOGS/istio.log {\n daily\n missingok\n}\n", 0b110_100_100, false)]
    [InlineData("rule.disabled", "LOGS/istio.log {\n daily\n}\n", 0b110_100_100, false)] // logrotate does not read it
    [InlineData("rule", "not a rule {{{\n", 0b110_100_100, false)]
    public async Task RuleOfTheOperatorTakesPrecedence(string name, string rule, int mode, bool isTheirs)
    {
        await PrepareAsync();
        await using var writer = await OpenLogAsync();
        await WriteAsync(writer, "first", 21 * MiB);
        var file = Path.Combine(OperatorRules, name);
        await File.WriteAllTextAsync(
            file, rule.Replace("LOGS", Logs, StringComparison.Ordinal).Replace("FOLDER", _folder.Root, StringComparison.Ordinal), Cancel);
        File.SetUnixFileMode(file, (UnixFileMode)mode);

        var output = await RotateAsync();

        Assert.Equal(!isTheirs, File.Exists($"{Log}.1"));
        Assert.Equal(isTheirs, output.Contains($"has a rule for {Logs}", StringComparison.Ordinal));
    }

    // A sidecar with TPROXY runs as root, in the folder of istio-proxy.
    [Fact]
    public async Task UnwritableLogIsNamedAndKept()
    {
        await PrepareAsync();
        await using var writer = await OpenLogAsync();
        await WriteAsync(writer, "first", 21 * MiB);
        await Tool.OutputAsync("chown", "0:0", Log);

        var output = await RotateAsync();

        Assert.StartsWith(
            $"smm-agent: {Log} is not rotated, because the owner of {Logs} may not write it", output, StringComparison.Ordinal);
        Assert.False(File.Exists($"{Log}.1"));
    }

    [Fact]
    public async Task RotationWithoutLogsDoesNothing()
    {
        await PrepareAsync();

        Assert.Equal("", await RotateAsync());
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private static async Task<long> BlocksAsync(string path) =>
        long.Parse(await Tool.OutputAsync("stat", "-c", "%b", path), CultureInfo.InvariantCulture);

    // Lines of random letters: a file system with compression must not store less than the script measures.
    private static async Task WriteAsync(FileStream writer, string start, int bytes)
    {
        var text = Encoding.ASCII.GetBytes(
            start + new string(Random.Shared.GetItems<char>("abcdefghijklmnopqrstuvwxyz0123456789", bytes - start.Length - 1)) + "\n");
        await writer.WriteAsync(text, Cancel);
        writer.Flush(flushToDisk: true); // so that its blocks are counted
    }

    // As istio-start.sh does: opened once, without O_APPEND.
    private async Task<FileStream> OpenLogAsync()
    {
        var writer = new FileStream(Log, FileMode.Create, FileAccess.Write, FileShare.ReadWrite);
        File.SetUnixFileMode(Log, (UnixFileMode)0b110_100_100);
        await Tool.OutputAsync("chown", $"{Owner}:{Owner}", Log);
        return writer;
    }

    private async Task PrepareAsync()
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "needs root, to become another user");
        Tool.Needs("logrotate", "setpriv", "stat");
        Directory.CreateDirectory(Logs);
        Directory.CreateDirectory(OperatorRules);
        File.SetUnixFileMode(_folder.Root, (UnixFileMode)0b111_101_101);
        await Tool.OutputAsync("chown", $"{Owner}:{Owner}", Logs);
        await File.WriteAllTextAsync(Path.Combine(_folder.Root, "logrotate.conf"), $"weekly\ninclude {OperatorRules}\n", Cancel);
        foreach (var name in (string[])["rotate-sidecar-logs", "istio.logrotate"])
        {
            var shipped = await File.ReadAllTextAsync(Path.Combine(Repository.Root, "packaging/sidecar-logs", name), Cancel);
            var file = Path.Combine(_folder.Root, name);
            await File.WriteAllTextAsync(
                file,
                shipped.Replace("/var/log/istio", Logs, StringComparison.Ordinal)
                    .Replace("/etc/logrotate.conf", Path.Combine(_folder.Root, "logrotate.conf"), StringComparison.Ordinal)
                    .Replace("/usr/share/smm-agent", _folder.Root, StringComparison.Ordinal),
                Cancel);
            File.SetUnixFileMode(file, (UnixFileMode)(name == "istio.logrotate" ? 0b110_100_100 : 0b111_101_101));
        }
    }

    private Task<string> RotateAsync() => Tool.OutputAsync(Path.Combine(_folder.Root, "rotate-sidecar-logs"));
}
