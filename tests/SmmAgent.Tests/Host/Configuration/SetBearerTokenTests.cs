using System.Buffers.Text;
using System.Text;
using Microsoft.Extensions.Time.Testing;
using SmmAgent.Core.Settings;
using SmmAgent.Host;
using SmmAgent.Host.Configuration;
using SmmAgent.Linux.Dashboard.Tokens;
using SmmAgent.Linux.Files;

namespace SmmAgent.Tests.Host.Configuration;

public sealed class SetBearerTokenTests : IDisposable
{
    private const string Token = "s3cret-Token.x";
    private readonly string _directory = Directory.CreateTempSubdirectory("smm-token-").FullName;
    private readonly StringWriter _output = new();
    private readonly FakeTimeProvider _time = new(new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero));
    private readonly AgentPaths _paths;

    public SetBearerTokenTests() => _paths = new AgentPaths(_directory);

    public void Dispose()
    {
        _output.Dispose();
        Directory.Delete(_directory, recursive: true);
    }

    [Theory]
    [InlineData(Token)]
    [InlineData(Token + "\n")]
    [InlineData(Token + "\r\n")]
    public void StandardInputIsReadToItsEndAndLosesOneNewline(string input)
    {
        Assert.Equal(0, Run(Stdin(input)));

        Assert.Equal(Token + "\n", File.ReadAllText(_paths.BearerToken));
        Assert.Equal("rw-r-----", SetCommandTests.Mode(_paths.BearerToken));
        Assert.Equal($"✓ bearer token is set file={_paths.BearerToken}\n", Output());
        Assert.NotNull(new BearerTokenFile(_paths.BearerToken).Read().Token);
    }

    [Fact]
    public void AFileIsReadAndAMissingFileIsReported()
    {
        var path = Path.Combine(_directory, "token");
        Assert.Equal(2, Run(TokenSource.File(path)));
        Assert.Contains($"{path}: does not exist; for example", Output(), StringComparison.Ordinal);

        AtomicFile.Write(path, Token + "\n", AtomicFile.Private);
        Assert.Equal(0, Run(TokenSource.File(path)));
        Assert.Equal(Token + "\n", File.ReadAllText(_paths.BearerToken));
    }

    [Fact]
    public void ATokenOnTheCommandLineWorksAndWarns()
    {
        Assert.Equal(0, Run(TokenSource.CommandLine(Token)));

        Assert.Equal(Token + "\n", File.ReadAllText(_paths.BearerToken));
        Assert.Contains("! a token on the command line is visible in the process list", Output(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("", "is empty")]
    [InlineData("\n", "is empty")]
    [InlineData(Token + "\n" + Token + "\n", "a line break")]
    [InlineData("tökén", "at position 2")]
    [InlineData("abc", "has 3 characters; a token has 8 or more")]
    [InlineData("apiVersion: v1\nkind: Config\nusers: []\n", "is a kubeconfig (YAML), not a token")]
    [InlineData("eyJhbGciOiJSUzI1NiJ9.e30.", "is a JWT without its signature")]
    public void AnInvalidTokenIsRefusedAndTheOldTokenStays(string input, string message)
    {
        Assert.Equal(0, Run(Stdin("old-token")));

        Assert.Equal(2, Run(Stdin(input)));

        Assert.Equal("old-token\n", File.ReadAllText(_paths.BearerToken));
        Assert.Contains(message, Output(), StringComparison.Ordinal);
        Assert.Contains("for example: sudo smm-agent set bearer-token --stdin", Output(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Bearer " + Token, "an Authorization header")]
    [InlineData("\uFEFF\"" + Token + "\"\n\n", "a byte order mark, white space, quotes")]
    [InlineData("{\"kind\":\"TokenRequest\",\"status\":{\"token\":\"" + Token + "\"}}\n", "a TokenRequest as JSON")]
    public void TokenInsideOtherTextIsExtractedAndThatIsReported(string input, string wrapping)
    {
        Assert.Equal(0, Run(Stdin(input)));

        Assert.Equal(Token + "\n", File.ReadAllText(_paths.BearerToken));
        Assert.Equal(
            $"✓ the text contained more than the token, so the token was extracted: {wrapping}\n✓ bearer token is set "
                + $"file={_paths.BearerToken}\n", Output());
    }

    [Theory]
    [InlineData("win.txt", "win.txt")]
    [InlineData("/root/win.txt", "/root/win.txt")]
    [InlineData("@win.txt", "win.txt")]
    [InlineData("my token.txt", "'my token.txt'")]
    public void TheNameOfAFileIsAnsweredWithTheOptionForFiles(string argument, string shown)
    {
        Assert.Equal(2, Run(TokenSource.CommandLine(argument)));

        Assert.EndsWith($"✗ TOKEN is the name of a file: sudo smm-agent set bearer-token --file {shown}\n", Output(),
            StringComparison.Ordinal);
        Assert.False(File.Exists(_paths.BearerToken));
    }

    [Fact]
    public void TheNameOfAFileThatExistsIsRecognisedWithoutAnEnding()
    {
        var path = Path.Combine(_directory, "token-of-the-vm");
        File.WriteAllText(path, Token);

        Assert.Equal(2, Run(TokenSource.CommandLine("@" + path)));
        Assert.Equal(2, Run(TokenSource.CommandLine(path)));
        Assert.EndsWith($"--file {path}\n", Output(), StringComparison.Ordinal);

        // Only an argument may be a mistaken name of a file.
        Assert.Equal(0, Run(Stdin(path)));
    }

    [Fact]
    public void AFileThatAnOperatorWroteByHandIsUnwrappedInPlace()
    {
        Directory.CreateDirectory(_paths.ConfigDirectory);
        AtomicFile.Write(_paths.BearerToken, $"\"{Token}\"\n", AtomicFile.Private);
        Assert.EndsWith($"sudo smm-agent set bearer-token --file {_paths.BearerToken}",
            new BearerTokenFile(_paths.BearerToken).Read().Fault, StringComparison.Ordinal);

        Assert.Equal(0, Run(TokenSource.File(_paths.BearerToken)));

        Assert.Equal(Token + "\n", File.ReadAllText(_paths.BearerToken));
        Assert.NotNull(new BearerTokenFile(_paths.BearerToken).Read().Token);
    }

    [Fact]
    public void StandardInputOfMoreThan16KiBIsRefusedAndNotReadOn()
    {
        var endless = new Endless();

        Assert.Equal(2, Run(TokenSource.Stdin(() => endless, isTerminal: false)));

        Assert.Contains("larger than 16384 bytes", Output(), StringComparison.Ordinal);
        Assert.InRange(endless.Given, 1, 64 * 1024);
    }

    [Fact]
    public void TheSameTokenAgainIsUnchangedAndWritesNothing()
    {
        Assert.Equal(0, Run(Stdin(Token)));
        var longAgo = File.GetLastWriteTimeUtc(_paths.BearerToken).AddHours(-1);
        File.SetLastWriteTimeUtc(_paths.BearerToken, longAgo);

        Assert.Equal(0, Run(Stdin(Token)));

        Assert.Equal(longAgo, File.GetLastWriteTimeUtc(_paths.BearerToken));
        Assert.Contains("bearer token is unchanged", Output(), StringComparison.Ordinal);
    }

    [Fact]
    public void PermissionsOfAFileThatEveryoneMayReadAreReduced()
    {
        Directory.CreateDirectory(_paths.ConfigDirectory);
        AtomicFile.Write(_paths.BearerToken, Token + "\n", AtomicFile.Public);

        Assert.Equal(0, Run(Stdin(Token)));

        Assert.Equal("rw-r-----", SetCommandTests.Mode(_paths.BearerToken));
        Assert.Contains("was readable by every user", Output(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("vm-integration:vm", 3600, "")]
    [InlineData("vm-integration:vm", -3600, "! the token expired at 2026-01-02T02:04:05Z")]
    [InlineData("elsewhere:vm", 3600, "! the token is of the namespace 'elsewhere', but the WorkloadGroup's is 'vm-integration'")]
    public void ATokenThatTheDashboardWillRefuseCausesAWarning(string account, int expiresIn, string message)
    {
        Directory.CreateDirectory(_paths.ConfigDirectory);
        AtomicFile.Write(_paths.Settings, "workloadGroup: {namespace: vm-integration, name: a}", AtomicFile.Public);
        var expires = _time.GetUtcNow().AddSeconds(expiresIn).ToUnixTimeSeconds();
        var payload = $$"""{"sub":"system:serviceaccount:{{account}}","exp":{{expires}}}""";
        var token = $"eyJh.{Base64Url.EncodeToString(Encoding.UTF8.GetBytes(payload))}.c2ln";

        Assert.Equal(0, Run(Stdin(token)));

        Assert.Equal(token + "\n", File.ReadAllText(_paths.BearerToken));
        Assert.Contains(message, Output(), StringComparison.Ordinal);
        Assert.Equal(message.Length > 0, Output().Contains('!', StringComparison.Ordinal));
        Assert.DoesNotContain(token[..12], Output(), StringComparison.Ordinal);
    }

    [Fact]
    public void AFolderThatIsNotWritableIsReportedInOneLine()
    {
        // Not even root can create a folder in sysfs.
        Assert.Equal(3, new SetBearerToken(
            new AgentPaths("/sys"), new Progress(_output, colour: false), _time, Environment.IsPrivilegedProcess).Run(Stdin(Token)));
        Assert.StartsWith("✗ /sys/etc/smm/bearer-token ", Output(), StringComparison.Ordinal);
        Assert.Single(Output().TrimEnd('\n').Split('\n'));
    }

    [Fact]
    public void TheOutputDoesNotContainTheToken()
    {
        Run(Stdin(Token));
        Run(TokenSource.CommandLine(Token));
        Run(Stdin(Token + " " + Token));

        Assert.DoesNotContain(Token, Output(), StringComparison.Ordinal);
        Assert.DoesNotContain(Token, TokenSource.CommandLine(Token).ToString(), StringComparison.Ordinal);
    }

    private static TokenSource Stdin(string input) =>
        TokenSource.Stdin(() => new MemoryStream(Encoding.UTF8.GetBytes(input)), isTerminal: false);

    private int Run(TokenSource source) =>
        new SetBearerToken(_paths, new Progress(_output, colour: false), _time, Environment.IsPrivilegedProcess).Run(source);

    private string Output() => _output.ToString();

    private sealed class Endless : Stream
    {
        public int Given { get; private set; }

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        public override int Read(byte[] buffer, int offset, int count)
        {
            buffer.AsSpan(offset, count).Fill((byte)'x');
            Given += count;
            return count;
        }

        public override void Flush()
        {
        }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}
