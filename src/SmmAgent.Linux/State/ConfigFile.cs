using SmmAgent.Linux.Files;

namespace SmmAgent.Linux.State;

/// <summary>
/// A file of the operator's below /etc/smm. A new one is readable by root and the daemon's group; an old one keeps its owner and mode.
/// </summary>
public sealed class ConfigFile(string path)
{
    /// <summary>The group that the daemon runs in, where the package made it.</summary>
    public const string DaemonGroup = ReadDenial.DaemonUser;

    private const UnixFileMode NewFile = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead;
    private const UnixFileMode NewFolder = NewFile | UnixFileMode.UserExecute | UnixFileMode.GroupExecute;
    private const UnixFileMode Others = UnixFileMode.OtherRead | UnixFileMode.OtherWrite | UnixFileMode.OtherExecute;

    public string Path { get; } = path;

    /// <summary>Whether every user of the host may read or change it.</summary>
    public bool IsOpenToAll => File.Exists(Path) && (File.GetUnixFileMode(Path) & Others) != 0;

    /// <summary>Makes the folder that the file is to lie in, where there is none.</summary>
    public void MakeFolder() => CreateFolder(System.IO.Path.GetDirectoryName(Path)!, FileOwner.WithGroup(DaemonGroup));

    /// <param name="isSecret">Whether users beside the owner and the group are shut out, whatever the mode was.</param>
    public void Write(ReadOnlySpan<byte> content, bool isSecret = false)
    {
        // A link stays one: whoever made it wants the content to be over there.
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
        File.SetUnixFileMode(folder, NewFolder); // the umask has no say
    }
}
