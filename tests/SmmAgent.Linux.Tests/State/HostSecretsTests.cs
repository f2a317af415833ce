using SmmAgent.Core.Redaction;
using SmmAgent.Core.Settings;
using SmmAgent.Linux.State;

namespace SmmAgent.Linux.Tests.State;

public sealed class HostSecretsTests : IDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("smm-").FullName;

    public void Dispose() => Directory.Delete(_root, recursive: true);

    [Theory]
    // In a URL without quotes, the text after the quote would remain; in the environment of a program the password has no URL.
    [InlineData("proxy: http://user:pa'ss`w0rd@proxy:3128")]
    [InlineData("password=pa'ss`w0rd")]
    [InlineData("pa%27ss%60w0rd")]
    [InlineData("Basic dXNlcjpwYSdzc2B3MHJk")]
    public void PasswordOfTheProxyIsASecretOfThisHost(string text)
    {
        var paths = new AgentPaths(_root);
        Directory.CreateDirectory(paths.ConfigDirectory);
        File.WriteAllText(paths.Settings, "dashboard: {url: \"https://smm.example.com\", proxy: \"http://user:pa'ss`w0rd@proxy:3128\"}\n");

        var redacted = new Redactor(HostSecrets.Read(paths).Known).Redact($"x {text} y");

        foreach (var piece in (string[])["ss`", "w0rd", "ss%60", "dXNlcjpw", "c2B3"])
            Assert.DoesNotContain(piece, redacted, StringComparison.Ordinal);
    }
}
