using SmmAgent.Linux.Files;

namespace SmmAgent.Linux.State;

/// <summary>
/// A configuration file of the operator below /etc/smm. A new file is readable by root and the group of the daemon; an existing file keeps
/// its owner and mode.
/// </summary>
public sealed class ConfigFile(string path)
{
    /// <summary>The group of the daemon, which the package creates.</summary>
    public const string DaemonGroup = ReadDenial.DaemonUser;

    private const UnixFileMode NewFile = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead;
    private const UnixFileMode NewFolder = NewFile | UnixFileMode.UserExecute | UnixFileMode.GroupExecute;
    private const UnixFileMode Others = UnixFileMode.OtherRead | UnixFileMode.OtherWrite | UnixFileMode.OtherExecute;

    public string Path { get; } = path;

    /// <summary>Whether every user of the host may read or change the file.</summary>
    public bool IsOpenToAll => File.Exists(Path) && (File.GetUnixFileMode(Path) & Others) != 0;

    /// <summary>Creates the folder of the file if it does not exist.</summary>
    public void MakeFolder() => CreateFolder(System.IO.Path.GetDirectoryName(Path)!, FileOwner.WithGroup(DaemonGroup));

    /// <param name="isSecret">Whether to remove all rights of users other than the owner and the group, even if the file had them.</param>
    public void Write(ReadOnlySpan<byte> content, bool isSecret = false)
    {
        // A link remains a link: the operator who created it keeps the content at its target.
        var target = new FileInfo(Path).LinkTarget is null ? Path : File.ResolveLinkTarget(Path, returnFinalTarget: true)!.FullName;
        if (File.Exists(target))
        {
            var mode = File.GetUnixFileMode(target);
            AtomicFile.Write(target, content, isSecret ? mode & ~Others : mode, owner: FileOwner.Read(target));
            return;
        }

        var owner = FileOwner.WithGroup(DaemonGroup);
        CreateFolder(System.IO.Path.GetDirectoryName(target)!, owner);
        AtomicFile.Write(target, content, NewFile, owner: owner);
    }

    private static void CreateFolder(string folder, FileOwner? owner)
    {
        if (Directory.Exists(folder))
            return;

        Directory.CreateDirectory(folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        owner?.GiveTo(folder);
        File.SetUnixFileMode(folder, NewFolder); // set explicitly, because the umask limits the mode at creation
    }
}
