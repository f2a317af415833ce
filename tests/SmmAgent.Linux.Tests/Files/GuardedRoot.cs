using System.Diagnostics;
using System.Runtime.ExceptionServices;
using System.Runtime.InteropServices;
using SmmAgent.Linux.Files;

namespace SmmAgent.Linux.Tests.Files;

/// <summary>
/// A root folder with a folder in it that belongs to another user, as the sidecar's do, and a canary outside: what no link in the other's
/// folder may lead to. At the end the canary must be untouched.
/// </summary>
public sealed partial class GuardedRoot : IDisposable
{
    /// <summary>Whose the folders are that root must not trust.</summary>
    public const string Other = "nobody";

    public const UnixFileMode Private = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    public const UnixFileMode Public = Private | UnixFileMode.GroupRead | UnixFileMode.OtherRead;
    public const UnixFileMode PublicFolder = Public | UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;

    private readonly string _folder;
    private readonly (FileOwner, UnixFileMode, DateTime) _canary;

    public GuardedRoot()
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "needs root, to have files of several users");
        _folder = Directory.CreateTempSubdirectory("smm-guarded-").FullName;
        Run("chmod", "755", _folder);
        Root = $"{_folder}/root";
        foreach (var folder in (string[])["root/etc/certs", "root/run/secrets", "root/var", "outside"])
            Directory.CreateDirectory($"{_folder}/{folder}");
        File.WriteAllText(Canary, "canary");
        File.SetUnixFileMode(Canary, Private);
        Run("chown", Other, Below("/etc/certs"));
        _canary = CanaryNow;
        Files = new(Root);
    }

    public string Root { get; }

    public SafeFileSystem Files { get; }

    public string Outside => $"{_folder}/outside";

    /// <summary>A file that must stay as it is.</summary>
    public string Canary => $"{Outside}/file";

    private (FileOwner, UnixFileMode, DateTime) CanaryNow =>
        (FileOwner.Read(Canary), File.GetUnixFileMode(Canary), File.GetLastWriteTimeUtc(Canary));

    public string Below(string path) => Root + path;

    /// <summary>The content of the folder, also hidden files.</summary>
    public string[] Names(string folder) =>
        [.. Directory.EnumerateFileSystemEntries(Below(folder)).Select(path => Path.GetFileName(path)!).Order()];

    /// <summary>Writes one file.</summary>
    public void Write(string path, string content, string owner = "root", UnixFileMode mode = Public)
    {
        using var files = Files.Begin();
        files.Stage(path, System.Text.Encoding.UTF8.GetBytes(content), owner, mode);
        files.Commit();
    }

    /// <summary>Does something as the other user.</summary>
    public static void AsOther(Action what) => AsUser(FileOwner.Named(Other, null, ""), what);

    public static void Run(params string[] command)
    {
        using var process = Process.Start(new ProcessStartInfo(command[0], command.Skip(1)))!;
        process.WaitForExit();
        Assert.True(process.ExitCode == 0, string.Join(' ', command));
    }

    public void Dispose()
    {
        try
        {
            Assert.Equal(_canary, CanaryNow);
            Assert.Equal("canary", File.ReadAllText(Canary));
            Assert.Equal(["file"], Directory.EnumerateFileSystemEntries(Outside).Select(Path.GetFileName));
        }
        finally
        {
            Directory.Delete(_folder, recursive: true);
        }
    }

    // The kernel knows users by thread; only the C library makes them the process's.
    private static void AsUser(FileOwner user, Action what)
    {
        ExceptionDispatchInfo? failure = null;
        var isArm = RuntimeInformation.ProcessArchitecture == Architecture.Arm64;
        var thread = new Thread(() =>
        {
            try
            {
                Assert.Equal(0, Call(isArm ? 159 : 116, 0, 0, 0)); // setgroups
                Assert.Equal(0, Call(isArm ? 149 : 119, user.Group, user.Group, user.Group)); // setresgid
                Assert.Equal(0, Call(isArm ? 147 : 117, user.User, user.User, user.User)); // setresuid
                what();
            }
            catch (Exception exception)
            {
                failure = ExceptionDispatchInfo.Capture(exception);
            }
        });
        thread.Start();
        thread.Join();
        failure?.Throw();
    }

    [LibraryImport("libc", EntryPoint = "syscall")]
    private static partial nint Call(nint number, nuint first, nuint second, nuint third);
}
