using System.Formats.Tar;
using System.IO.Compression;
using Microsoft.Extensions.Time.Testing;
using SmmAgent.Bundle;
using SmmAgent.Core.Settings;
using SmmAgent.Host;

namespace SmmAgent.Tests.Bundle;

/// <summary>The file of a support bundle: its content, and each way in which it cannot be written.</summary>
public sealed class BundleFileTests : IDisposable
{
    private const string Token = "bearer-token-of-a-test";

    private readonly TemporaryFolder _folder = new();
    private readonly StringWriter _output = new() { NewLine = "\n" };
    private readonly AgentPaths _paths;
    private readonly string _target;

    public BundleFileTests()
    {
        _paths = new(_folder.Path("root"));
        _target = _folder.Path("bundle.tar.gz");
        Directory.CreateDirectory(_paths.ConfigDirectory);
        File.WriteAllText(_paths.BearerToken, $"{Token}\n");
    }

    public void Dispose()
    {
        _output.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task PartsAreRedactedAndTheIndexListsThemInOrder()
    {
        var code = await WriteAsync(Part("a.txt", $"before {Token} after"), Part("folder/b.txt", "second"));

        Assert.Equal(ExitCode.Done, code);
        var files = Unpack();
        Assert.Equal(["a.txt", "folder/b.txt", "INDEX.txt"], files.Select(file => file.Name));
        Assert.Equal("before [redacted] after", files[0].Text);
        Assert.Equal(
            "made 2026-01-01T12:00:00Z; secrets are replaced by [redacted]\n"
                + "collected  a.txt: 23 bytes\ncollected  folder/b.txt: 6 bytes\n",
            files[2].Text);
        Assert.Equal(
            [
                $"✓ support bundle is written file={_target} collected=2 missing=0",
                "! secrets are redacted, but the bundle contains host names and addresses: review it before you send it",
            ],
            Lines);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(_target));
    }

    [Fact]
    public async Task PartThatCannotBeReadIsMissingAndTheOthersAreCollected()
    {
        var locked = BundlePart.Text("locked.txt", () => throw new UnauthorizedAccessException("access is denied"));
        var folder = BundlePart.File("folder.txt", _folder.Root);
        var absent = BundlePart.File("absent.txt", "/nonexistent");

        Assert.Equal(ExitCode.Done, await WriteAsync(locked, folder, absent, Part("b.txt", "second")));

        var files = Unpack();
        Assert.Equal(["b.txt", "INDEX.txt"], files.Select(file => file.Name));
        Assert.Contains("missing    locked.txt: access is denied\n", files[1].Text, StringComparison.Ordinal);
        Assert.Contains("missing    folder.txt: ", files[1].Text, StringComparison.Ordinal);
        Assert.Contains("missing    absent.txt: there is no /nonexistent\n", files[1].Text, StringComparison.Ordinal);
        Assert.Contains("collected=1 missing=3", Lines[0], StringComparison.Ordinal);
        Assert.Equal("❯ INDEX.txt in the bundle lists the missing parts and the reasons", Lines[1]);
    }

    [Fact]
    public async Task LargePartsAreCutAndLogsKeepTheirEnd()
    {
        var text = "begin" + new string('x', BundlePart.MaximumBytes) + "end";

        await WriteAsync(Part("file.txt", text), Part("log.txt", text) with { KeepEnd = true });

        var files = Unpack();
        Assert.All(files.Take(2), file => Assert.Equal(BundlePart.MaximumBytes, file.Text.Length));
        Assert.StartsWith("begin", files[0].Text, StringComparison.Ordinal);
        Assert.EndsWith("end", files[1].Text, StringComparison.Ordinal);
        Assert.Contains("cut        file.txt: ", files[2].Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task LogsAreOmittedWhereASecretCannotBeRead()
    {
        File.Delete(_paths.BearerToken);
        Directory.CreateDirectory(_paths.BearerToken);

        Assert.Equal(ExitCode.Done, await WriteAsync(Part("a.txt", "first"), Part("journal.txt", Token) with { KeepEnd = true }));

        var files = Unpack();
        Assert.Equal(["a.txt", "INDEX.txt"], files.Select(file => file.Name));
        Assert.Contains($"missing    journal.txt: {_paths.BearerToken} cannot be read, so the log could not be redacted", files[1].Text,
            StringComparison.Ordinal);
        Assert.Contains(
            $"! {_paths.BearerToken} cannot be read, so the journal is omitted: sudo smm-agent support-bundle", Lines);
    }

    [Fact]
    public async Task ExistingFileIsNotOverwritten()
    {
        File.WriteAllText(_target, "another file");

        Assert.Equal(ExitCode.Failed, await WriteAsync(Part("a.txt", "first")));

        Assert.Equal("another file", File.ReadAllText(_target));
        Assert.Equal(
            [
                $"✗ {_target} cannot be created: the file exists and is not overwritten; "
                    + "choose another file: smm-agent support-bundle --file FILE",
            ],
            Lines);
    }

    [Fact]
    public async Task MissingFolderIsReported()
    {
        var target = _folder.Path("missing/bundle.tar.gz");

        Assert.Equal(ExitCode.Failed, await Bundle(Part("a.txt", "first")).WriteAsync(target, TestContext.Current.CancellationToken));

        Assert.StartsWith(
            $"✗ {target} cannot be created: no such file or directory", Assert.Single(Lines), StringComparison.Ordinal);
    }

    [Fact]
    public async Task FullDiskIsReportedAndLeavesNoFile()
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "mounting a small disk needs root");
        using var disk = new SmallDisk(_folder.Path("disk"));
        var target = Path.Combine(disk.Path, "bundle.tar.gz");
        var random = new byte[256 * 1024];
        new Random(1).NextBytes(random);

        var code = await Bundle(Part("a.txt", Convert.ToBase64String(random))).WriteAsync(target, TestContext.Current.CancellationToken);

        Assert.Equal(ExitCode.Failed, code);
        Assert.False(File.Exists(target));
        Assert.StartsWith($"✗ {target} cannot be written: no space left on device", Assert.Single(Lines), StringComparison.Ordinal);
    }

    [Fact]
    public async Task CancelledBundleLeavesNoFile()
    {
        using var cancel = new CancellationTokenSource();
        var part = BundlePart.Text("a.txt", () =>
        {
            cancel.Cancel();
            return new("first");
        });

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Bundle(part).WriteAsync(_target, cancel.Token));

        Assert.False(File.Exists(_target));
        Assert.Empty(Lines);
    }

    private string[] Lines => _output.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries);

    private static BundlePart Part(string name, string text) => BundlePart.Text(name, () => new(text));

    private BundleFile Bundle(params IReadOnlyList<BundlePart> parts) => new(
        _paths,
        parts,
        new Progress(_output, colour: false),
        new FakeTimeProvider(new DateTimeOffset(2026, 1, 1, 12, 0, 0, TimeSpan.Zero)));

    private Task<int> WriteAsync(params IReadOnlyList<BundlePart> parts) =>
        Bundle(parts).WriteAsync(_target, TestContext.Current.CancellationToken);

    private List<(string Name, string Text)> Unpack()
    {
        using var file = File.OpenRead(_target);
        using var zip = new GZipStream(file, CompressionMode.Decompress);
        using var tar = new TarReader(zip);
        List<(string, string)> files = [];
        while (tar.GetNextEntry() is { } entry)
        {
            using var reader = new StreamReader(entry.DataStream!);
            files.Add((entry.Name[(entry.Name.IndexOf('/', StringComparison.Ordinal) + 1)..], reader.ReadToEnd()));
        }

        return files;
    }
}
