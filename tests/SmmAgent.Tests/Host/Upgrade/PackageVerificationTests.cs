using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Time.Testing;
using SmmAgent.Contract;
using SmmAgent.Contract.Signing;
using SmmAgent.Core.Packages;
using SmmAgent.Host;
using SmmAgent.Host.Upgrade;
using SmmAgent.Core.Settings;

namespace SmmAgent.Tests.Host.Upgrade;

/// <summary>The verification of a package file of the agent, and each reason to refuse it.</summary>
public sealed class PackageVerificationTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly StringWriter _output = new() { NewLine = "\n" };
    private readonly FakeTimeProvider _time = new(new DateTimeOffset(2026, 1, 1, 12, 0, 0, TimeSpan.Zero));
    private readonly PackageSigningKey _key = PackageSigningKey.New();
    private readonly AgentPaths _paths;
    private readonly string _list;
    private readonly string _package;

    public PackageVerificationTests()
    {
        _paths = new(_folder.Path("root"));
        Directory.CreateDirectory(_paths.ConfigDirectory);
        Trust(_key.Public);
        _package = _folder.Write("smm-agent.deb", "a package");
        _list = _folder.Path("list.json");
        Sign(_time.GetUtcNow());
    }

    public void Dispose()
    {
        _output.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public void PackageInASignedListIsVerifiedAndOlderListsAreRefusedAfterwards()
    {
        Assert.Equal(ExitCode.Done, Run());
        Assert.Equal("✓ a trusted key has signed smm-agent 1.2.3\n", _output.ToString());

        Sign(_time.GetUtcNow().AddHours(-1));

        Assert.Equal(ExitCode.Failed, Run());
        AssertRefused("smm-agent 1.2.3 is not installed: ");
    }

    [Fact]
    public void UnprivilegedUserIsRefused()
    {
        Assert.Equal(ExitCode.NotPermitted, Run(isPrivileged: false));

        Assert.Equal("✗ verify-package must run as root: sudo smm-agent verify-package\n", _output.ToString());
    }

    [Fact]
    public void InvalidSettingsAreReported()
    {
        File.WriteAllText(_paths.Settings, "packages: [\n");

        Assert.Equal(ExitCode.Usage, Run());

        Assert.StartsWith($"✗ {_paths.Settings}: ", _output.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void MissingListIsReported()
    {
        File.Delete(_list);

        Assert.Equal(ExitCode.Failed, Run());

        Assert.Equal($"✗ {_package} cannot be verified: {_list} does not exist\n", _output.ToString());
    }

    [Fact]
    public void ListThatCannotBeReadIsReported()
    {
        File.Delete(_list);
        Directory.CreateDirectory(_list);

        Assert.Equal(ExitCode.Failed, Run());

        Assert.StartsWith($"✗ {_package} cannot be verified: ", _output.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void MissingPackageIsReported()
    {
        File.Delete(_package);

        Assert.Equal(ExitCode.Failed, Run());

        Assert.StartsWith($"✗ {_package} cannot be verified: does not exist", _output.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void ListThatIsNoListIsRefused()
    {
        File.WriteAllText(_list, "404 Not Found");

        Assert.Equal(ExitCode.Failed, Run());

        AssertRefused("is not a signed package list");
    }

    [Fact]
    public void ListWithAnUnknownKeyIsRefused()
    {
        Trust(PackageSigningKey.New().Public);

        Assert.Equal(ExitCode.Failed, Run());

        AssertRefused("and the trusted keys are");
    }

    [Fact]
    public void ListWithABadSignatureIsRefused()
    {
        var text = File.ReadAllText(_list);
        var payload = text.IndexOf("payload\":\"", StringComparison.Ordinal) + "payload\":\"".Length;
        var changed = Convert.ToBase64String(
            Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(Convert.FromBase64String(text[payload..text.IndexOf('"', payload)]))
                .Replace("1.2.3", "9.9.9", StringComparison.Ordinal)));
        File.WriteAllText(_list, text[..payload] + changed + text[text.IndexOf('"', payload)..]);

        Assert.Equal(ExitCode.Failed, Run());

        AssertRefused("it was changed after it was signed");
    }

    [Fact]
    public void ChangedPackageIsRefused()
    {
        File.WriteAllText(_package, "another package");

        Assert.Equal(ExitCode.Failed, Run());

        AssertRefused("has no smm-agent with the SHA-256");
    }

    [Fact]
    public void ExpiredListIsRefused()
    {
        _time.Advance(TimeSpan.FromDays(2));

        Assert.Equal(ExitCode.Failed, Run());

        AssertRefused("the dashboard's package list was valid until 2026-01-02T12:00:00Z");
    }

    [Fact]
    public void PackageIsRefusedWhereTheListCannotBeRecorded()
    {
        Directory.CreateDirectory(_paths.AcceptedPackageLists);

        Assert.Equal(ExitCode.Failed, Run());

        AssertRefused("smm-agent 1.2.3 is not installed: ");
    }

    private int Run(bool isPrivileged = true)
    {
        _output.GetStringBuilder().Clear();
        return new PackageVerification(_paths, new Progress(_output, colour: false), _time, isPrivileged).Run(_list, _package);
    }

    private void AssertRefused(string reason)
    {
        Assert.StartsWith($"✗ {_package} may not be installed: ", _output.ToString(), StringComparison.Ordinal);
        Assert.Contains(reason, _output.ToString(), StringComparison.Ordinal);
        Assert.EndsWith(
            "; or verify the package yourself and install it with this host's package manager\n",
            _output.ToString(),
            StringComparison.Ordinal);
    }

    private void Trust(PackageKey key) => File.WriteAllText(_paths.Settings, $"packages:\n  trustedKeys: [{key.Text}]\n");

    private void Sign(DateTimeOffset issued) => File.WriteAllBytes(_list, SignedPackageList.Seal(
        new()
        {
            Format = PackageList.CurrentFormat,
            Issued = issued,
            Expires = issued.AddDays(1),
            Packages =
            [
                new ListedPackage
                {
                    Name = PackageChoice.AgentPackage,
                    Version = "1.2.3",
                    Format = PackageFormat.Deb,
                    Architecture = "amd64",
                    Size = new FileInfo(_package).Length,
                    Sha256 = Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(_package))),
                },
            ],
        },
        [_key]));
}
