using System.Security.Cryptography;
using SmmAgent.Core.Settings;
using SmmAgent.Linux.Dashboard.Tokens;
using SmmAgent.Linux.Files;
using SmmAgent.Linux.Identity;

namespace SmmAgent.Tests.Identity;

public sealed class AgentIdentityTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("smm-state");

    private string IdentityPath => Path.Combine(_folder.FullName, "identity.json");

    private string TokenPath => Path.Combine(_folder.FullName, "bearer-token");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public void IdentityIsCreatedOnceAndReadableByItsOwnerOnly()
    {
        var made = Load();
        var text = File.ReadAllText(IdentityPath);
        var again = Load();

        Assert.Equal(made.MadeUuid, again.MadeUuid);
        Assert.Equal(text, File.ReadAllText(IdentityPath));
        Assert.Equal(AtomicFile.Private, File.GetUnixFileMode(IdentityPath));
        Assert.Single(_folder.GetFiles());
    }

    [Fact]
    public async Task ConcurrentStartsGetTheSameIdentity()
    {
        var uuids = await Task.WhenAll(Enumerable.Range(0, 16).Select(_ => Task.Run(() => Load().MadeUuid)));

        Assert.Single(uuids.Distinct());
        Assert.Single(_folder.GetFiles());
    }

    [Fact]
    public void UuidOfTheSettingsHasPriority()
    {
        var uuid = Guid.Parse("0327b100-a008-4364-a2b3-7d1777bb5b9a");

        Assert.Equal(uuid, Load().Uuid(new AgentSettings { Uuid = uuid }));
        Assert.Equal(Load().MadeUuid, Load().Uuid(new AgentSettings()));
    }

    [Theory]
    [InlineData("")]
    [InlineData("{}")]
    [InlineData("[]")]
    [InlineData("{\"uuid\":\"x\",\"key\":\"\"}")]
    [InlineData("{\"uuid\":\"0327b100-a008-4364-a2b3-7d1777bb5b9a\",\"key\":\"AAAA\"}")]
    [InlineData("{\"uuid\":\"0327b100-a008-4364-a2b3-7d1777bb5b9a\",\"key\":\"***\"}")]
    public void DamagedIdentityIsReplacedAndReported(string content)
    {
        AtomicFile.Write(IdentityPath, content, AtomicFile.Private);

        var made = Load();

        Assert.NotNull(made.Replaced);
        Assert.Null(Load().Replaced);
        Assert.Equal(content, File.ReadAllText(IdentityPath + ".damaged"));
    }

    [Fact]
    public void IdentityOfAnEarlierVersionIsBoundToTheMachine()
    {
        var old = Load();

        Assert.Equal("one", Load("one").Machine);
        Assert.Equal((old.MadeUuid, old.Key.Value), (Load("one").MadeUuid, Load("one").Key.Value));
        Assert.Null(Load("one").Replaced);
    }

    [Fact]
    public void CopiedMachineGetsANewUuidAndKeyAndNeverReportsTheOldUuid()
    {
        var reported = Guid.NewGuid();
        var original = Load("one").WithReported(IdentityPath, reported);

        var copy = Load("two");

        Assert.Equal(AgentIdentity.CopiedFromAnotherMachine, copy.Replaced);
        Assert.NotEqual(original.MadeUuid, copy.MadeUuid);
        Assert.NotEqual(original.Key.Value, copy.Key.Value);
        Assert.True(copy.IsForeign(new AgentSettings { Uuid = reported }));
        Assert.False(copy.IsForeign(new AgentSettings { Uuid = Guid.NewGuid() }));
        Assert.False(copy.IsForeign(new AgentSettings()));
        Assert.Equal((copy.MadeUuid, copy.Key.Value, null), (Load("two").MadeUuid, Load("two").Key.Value, Load("two").Replaced));
        Assert.True(Load("two").IsForeign(new AgentSettings { Uuid = reported }));
        Assert.Equal(AtomicFile.Private, File.GetUnixFileMode(IdentityPath));
    }

    [Fact]
    public void IdentityIsKeptWithoutAMachineId()
    {
        var original = Load("one");

        Assert.Equal(original.Key.Value, Load().Key.Value);
    }

    [Theory]
    [InlineData("4c4c4544004d3510805ac3c04f4e3132\n", true)]
    [InlineData("", false)]
    [InlineData("uninitialized\n", false)]
    [InlineData("00000000000000000000000000000000\n", false)]
    [InlineData("4c4c4544004d3510805ac3c04f4e313\n", false)]
    public void MachineIdIsHashed(string content, bool isOne)
    {
        Directory.CreateDirectory(Path.Combine(_folder.FullName, "etc"));
        File.WriteAllText(Path.Combine(_folder.FullName, "etc/machine-id"), content);

        var id = MachineId.Read(_folder.FullName);

        Assert.Equal(isOne, id is { Length: 32 });
        Assert.DoesNotContain("4c4c4544", id ?? "", StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("abc", "abc")]
    [InlineData("abc\n", "abc")]
    [InlineData("abc\r\n", "abc")]
    public void TokenMayEndInOneLineBreak(string content, string token)
    {
        AtomicFile.Write(TokenPath, content, AtomicFile.Private);

        var reading = new BearerTokenFile(TokenPath).Read();

        Assert.Equal((null, null), (reading.Fault, reading.Warning));
        Assert.DoesNotContain(token, reading.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("", "is empty")]
    [InlineData("\n", "is empty")]
    [InlineData("a b", "at position 2")]
    [InlineData("abc\n\n", "does not hold the token itself (white space); unwrap it: sudo smm-agent set bearer-token --file /")]
    [InlineData("\"abcdefgh\"", "does not hold the token itself (quotes); unwrap it: ")]
    [InlineData("abcdefgh%\n", "does not hold the token itself (a shell's %); unwrap it: ")]
    [InlineData("ZXlKaGJHY2lPaUFpVWxNeU5UWWlMQ0FpYTJsa0lqb2dJbmdpZlEuZTMwLmMybG4=", "does not hold the token itself (base64); unwrap it: ")]
    [InlineData("win.txt", "is the name of a file; set the token: sudo smm-agent set bearer-token --stdin")]
    [InlineData("ab\tc", "at position 3")]
    [InlineData("ä", "at position 1")]
    public void TokenThatAHeaderCannotCarryIsAnErrorWithoutTheToken(string content, string shown)
    {
        AtomicFile.Write(TokenPath, content, AtomicFile.Private);

        var reading = new BearerTokenFile(TokenPath).Read();

        Assert.Null(reading.Token);
        Assert.Contains(shown, reading.Fault, StringComparison.Ordinal);
    }

    [Fact]
    public void TokenLargerThan16KiBIsAnError()
    {
        AtomicFile.Write(TokenPath, new string('x', BearerTokenFile.MaximumBytes + 1), AtomicFile.Private);

        Assert.Contains("larger than 16384 bytes", new BearerTokenFile(TokenPath).Read().Fault, StringComparison.Ordinal);
    }

    [Fact]
    public void WorldReadableTokenIsAWarning()
    {
        AtomicFile.Write(TokenPath, "abc", AtomicFile.Public);

        var reading = new BearerTokenFile(TokenPath).Read();

        Assert.NotNull(reading.Token);
        Assert.Contains("sudo chmod 0640", reading.Warning, StringComparison.Ordinal);
    }

    private AgentIdentity Load(string? machine = null) => AgentIdentity.LoadOrCreate(IdentityPath, RandomNumberGenerator.Fill, machine);
}
