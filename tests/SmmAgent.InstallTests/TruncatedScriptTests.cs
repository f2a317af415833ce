using System.Text;

namespace SmmAgent.InstallTests;

/// <summary>A truncated script runs nothing, at any point of truncation.</summary>
[Collection(InstallTestbed.Name)]
public sealed class TruncatedScriptTests(InstallTestbed testbed)
{
    // Every command of this host, and every command that a truncated word could name, records its call.
    private const string Stub = "#!/real/dash\necho \"$0 $*\" >>/calls\n";

    // Pipes beginnings of the script into a shell, until one of them runs a command.
    private const string Driver = """
        while read -r size; do
            /real/head -c "$size" /script | "$@" >/said 2>&1
            if [ -e /calls ]; then
                echo "$size bytes call:"
                /real/cat /calls
                exit 1
            fi
        done </sizes
        echo "nothing was called"
        """;

    /// <param name="everyByte">Debian's shell is tested at each byte; the others, which read a group in the same way, around each end of a
    /// line and at the end.</param>
    [Theory]
    [InlineData("dash", true)]
    [InlineData("bash --posix", false)]
    [InlineData("busybox sh", false)]
    public async Task TruncatedScriptRunsNothing(string shell, bool everyByte)
    {
        var script = await testbed.ScriptAsync(testbed.Deb1);
        await using var host = await testbed.HostAsync();
        ReplacePrograms(host, script);
        var bytes = Encoding.UTF8.GetBytes(script);
        string[] real = [$"/real/{shell.Split(' ')[0]}", .. shell.Split(' ').Skip(1)];

        // The complete script, with its last brace, runs them: the commands do record.
        host.Write("/sizes", $"{bytes.Length}\n");
        var whole = await host.PipeAsync(Driver, "/real/dash", options: real);
        Assert.Equal(1, whole.ExitCode);
        Assert.Contains("/usr/bin/id -u\n", whole.Output, StringComparison.Ordinal);
        host.Remove("/calls");

        // The last byte is a newline, and the one before it the brace.
        var sizes = Enumerable.Range(0, bytes.Length - 1)
            .Where(size => everyByte || size > bytes.Length - 60 || IsAtEndOfLine(bytes, size));
        host.Write("/sizes", string.Concat(sizes.Select(size => $"{size}\n")));
        host.Settle();
        var run = await host.PipeAsync(Driver, "/real/dash", options: real);

        Assert.Equal((0, "nothing was called\n"), (run.ExitCode, run.Output));
        Assert.All(host.Changes(), change => Assert.StartsWith("/said ", change, StringComparison.Ordinal));
    }

    private static bool IsAtEndOfLine(byte[] bytes, int size) => bytes.AsSpan(Math.Max(size - 2, 0), 3).Contains((byte)'\n');

    private static void ReplacePrograms(ThrowAwayHost host, string script)
    {
        foreach (var tool in (string[])["dash", "bash", "busybox", "head", "cat"])
        {
            host.Write($"/real/{tool}", "");
            host.Copy($"/usr/bin/{tool}", $"/real/{tool}");
        }

        host.Write("/script", script);
        host.Write("/stub", Stub, isExecutable: true);
        foreach (var folder in (string[])["/usr/bin", "/usr/sbin", "/usr/local/bin", "/usr/local/sbin"])
            host.ReplacePrograms(folder, "/stub");
    }
}
