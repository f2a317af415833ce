using SmmAgent.Linux.Files;

namespace SmmAgent.Linux.Tests.Files;

public sealed class ReadDenialTests : IDisposable
{
    private const string User = "nobody";

    private readonly string _folder = Directory.CreateTempSubdirectory("smm-readable-").FullName;

    public ReadDenialTests()
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "needs root, to have files of several users");
        GuardedRoot.Run("chmod", "755", _folder);
        File.WriteAllText(Path, "x");
    }

    private string Path => System.IO.Path.Combine(_folder, "file");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData("root:root", "0600", false)]
    [InlineData("root:root", "0640", false)]
    [InlineData("root:root", "0644", true)]
    [InlineData("root:nogroup", "0640", true)]
    [InlineData("root:nogroup", "0604", false)]
    [InlineData("nobody:root", "0400", true)]
    [InlineData("nobody:root", "0044", false)]
    public void PermissionClassOfTheUserDecides(string owner, string mode, bool isReadable)
    {
        GuardedRoot.Run("chown", owner, Path);
        GuardedRoot.Run("chmod", mode, Path);

        var refusal = ReadDenial.For(Path, User);

        Assert.Equal(isReadable ? null
            : $"the user nobody cannot read {Path}: it is {owner} with mode {mode}: sudo chgrp nobody {Path} && sudo chmod g+r {Path}",
            refusal?.ToString());
        var (_, code) = Try(Path);
        Assert.Equal(isReadable, code == 0);
    }

    [Fact]
    public void FolderOnThePathAndTargetOfALinkAreNamed()
    {
        var inner = System.IO.Path.Combine(_folder, "inner");
        Directory.CreateDirectory(inner);
        File.WriteAllText($"{inner}/file", "x");
        GuardedRoot.Run("chmod", "0600", $"{inner}/file");
        File.CreateSymbolicLink($"{_folder}/link", $"{inner}/file");
        Assert.Equal($"the user nobody cannot read {_folder}/link: {inner}/file is root:root with mode 0600",
            ReadDenial.For($"{_folder}/link", User)?.Found);

        GuardedRoot.Run("chmod", "0750", inner);

        var refusal = ReadDenial.For($"{inner}/file", User)!;
        Assert.Equal($"the user nobody cannot read {inner}/file: the folder {inner} is root:root with mode 0750", refusal.Found);
        Assert.Equal($"sudo chgrp nobody {inner} && sudo chmod g+x {inner}", refusal.Remediation);
    }

    [Fact]
    public void MissingFilesRootAndUnknownUsersAreNotEvaluated()
    {
        GuardedRoot.Run("chmod", "0600", Path);
        Assert.Null(ReadDenial.For(Path, "root"));
        Assert.Null(ReadDenial.For(Path, "smm-no-such-user"));
        Assert.Null(ReadDenial.For($"{_folder}/none", User));
    }

    private static (string, int) Try(string path)
    {
        using var process = System.Diagnostics.Process.Start(
            new System.Diagnostics.ProcessStartInfo("setpriv", ["--reuid", User, "--regid", "nogroup", "--clear-groups", "cat", path])
            {
                RedirectStandardError = true,
                RedirectStandardOutput = true,
            })!;
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return (output, process.ExitCode);
    }
}
