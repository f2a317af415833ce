using System.Diagnostics;
using System.Text;
using SmmAgent.Testbed;

namespace SmmAgent.NetnsTests.Cli;

/// <summary><c>smm-agent set bearer-token --stdin</c> as a person types it, in a terminal that shows what is typed.</summary>
public sealed class TypedTokenTests : IDisposable
{
    private const string Token = "s3cret-token-of-a-person";

    private readonly string _root = Directory.CreateTempSubdirectory("smm-typed-").FullName;

    public TypedTokenTests()
    {
        Assert.SkipUnless(Programs.Missing() is null, Programs.Missing() ?? "");
        Directory.CreateDirectory(Path.Combine(_root, "etc", "smm"));
    }

    private string Script => $"trap : INT; '{Programs.Agent}' --root '{_root}' set bearer-token --stdin; echo code $?; stty -a";

    public void Dispose() => Directory.Delete(_root, recursive: true);

    [Fact]
    public async Task TypedTokenIsReadAtTheEndOfTheLineAndNeverShown()
    {
        using var terminal = new TypedTerminal(Script);
        await terminal.UntilAsync("paste the token, then press Enter; it is not shown");

        terminal.Type(Token + "\n");
        var shown = await terminal.EndAsync();

        Assert.Contains("code 0", shown, StringComparison.Ordinal);
        Assert.DoesNotContain(Token, shown, StringComparison.Ordinal);
        Assert.Equal(Token + "\n",
            await File.ReadAllTextAsync(Path.Combine(_root, "etc/smm/bearer-token"), TestContext.Current.CancellationToken));
        AssertShowsWhatIsTyped(shown);
    }

    [Fact]
    public async Task CtrlCRestoresTheEchoOfTheTerminalAndWritesNothing()
    {
        using var terminal = new TypedTerminal(Script);
        await terminal.UntilAsync("it is not shown");

        terminal.Type("s3cret-tok\x03");
        var shown = await terminal.EndAsync();

        Assert.Contains("code 130", shown, StringComparison.Ordinal);
        Assert.DoesNotContain("s3cret-tok", shown, StringComparison.Ordinal);
        Assert.False(File.Exists(Path.Combine(_root, "etc/smm/bearer-token")));
        AssertShowsWhatIsTyped(shown);
    }

    private static void AssertShowsWhatIsTyped(string stty)
    {
        Assert.Contains(" echo ", stty, StringComparison.Ordinal);
        Assert.Contains(" -echonl", stty, StringComparison.Ordinal);
    }

    /// <summary>A pseudo-terminal of script(1) that runs a shell script, with typed input.</summary>
    private sealed class TypedTerminal : IDisposable
    {
        private readonly StringBuilder _shown = new();
        private readonly Process _process;
        private readonly Task _reading;

        public TypedTerminal(string script)
        {
            _process = Process.Start(new ProcessStartInfo("script", ["-qefc", script, "--echo", "always", "/dev/null"])
            {
                RedirectStandardInput = true,
                RedirectStandardOutput = true,
            })!;
            _reading = ReadAsync();
        }

        private string Shown
        {
            get
            {
                lock (_shown)
                    return _shown.ToString();
            }
        }

        public Task UntilAsync(string text) =>
            Until.TrueAsync(() => Shown.Contains(text, StringComparison.Ordinal), $"'{text}' is shown", lastSeen: () => Shown);

        public void Type(string keys)
        {
            _process.StandardInput.Write(keys);
            _process.StandardInput.Flush();
        }

        /// <returns>The complete output.</returns>
        public async Task<string> EndAsync()
        {
            await Until.TrueAsync(() => _process.HasExited, "the shell's text is done", lastSeen: () => Shown);
            await _reading;
            return Shown;
        }

        public void Dispose()
        {
            if (!_process.HasExited)
                _process.Kill(entireProcessTree: true);
            _process.Dispose();
        }

        private async Task ReadAsync()
        {
            var buffer = new char[1024];
            while (await _process.StandardOutput.ReadAsync(buffer) is > 0 and var length)
            {
                lock (_shown)
                    _shown.Append(buffer, 0, length);
            }
        }
    }
}
