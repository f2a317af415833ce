using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using SmmAgent.Linux.Interop;

namespace SmmAgent.Linux.Files;

/// <summary>
/// A descriptor of a file, a folder or a link. It refers to the same file even if the name is removed or given to another file.
/// </summary>
internal sealed partial class PathHandle : IDisposable
{
    private const int LongestLink = 4096;
    private const UnixFileMode OthersMayWrite = UnixFileMode.GroupWrite | UnixFileMode.OtherWrite;

    private readonly SafeFileHandle _handle;

    private PathHandle(SafeFileHandle handle, string path, PathHandle? folder)
    {
        (_handle, Path) = (handle, path);
        Status = FileStatus.Read(handle, path);
        IsTrusted = folder is not { IsTrusted: false }
            && (Status.Owner.User == 0 || Status.Owner.User == FileOwner.CurrentUser)
            && (Status.Mode & OthersMayWrite) == 0;
    }

    /// <summary>The path of the file below the root of the walk.</summary>
    public string Path { get; }

    public FileStatus Status { get; }

    /// <summary>The name of the user who owns the file.</summary>
    public string Owner => UserNames.UserName(Status.Owner.User);

    /// <summary>
    /// Whether only root and the user of this process can create entries in this folder, or change the path to it.
    /// </summary>
    public bool IsTrusted { get; }

    /// <summary>Opens the folder where a walk starts. Its own path is trusted.</summary>
    public static PathHandle Root(string root)
    {
        var handle = Libc.Open(root, Libc.PathOnly | Libc.CloseOnExec);
        return handle.IsInvalid ? throw FileFailure.FromLastError(root) : new(handle, "/", folder: null);
    }

    /// <summary>Opens the entry with this name, and a link itself rather than its target; null when there is no such entry.</summary>
    public PathHandle? Child(FileName name)
    {
        var handle = Libc.OpenAt(_handle, name.Bytes, Libc.PathOnly | Libc.NoFollow | Libc.CloseOnExec, 0);
        if (!handle.IsInvalid)
            return new(handle, PathOf(name), this);

        var error = Marshal.GetLastPInvokeError();
        handle.Dispose();
        return error == Errno.ENOENT ? null : throw FileFailure.From(PathOf(name), error);
    }

    /// <summary>Reads the target of this link.</summary>
    public string LinkTarget()
    {
        var target = new byte[LongestLink];
        var length = Libc.ReadLinkAt(_handle, [0], target, (nuint)target.Length);
        return length >= 0 ? System.Text.Encoding.UTF8.GetString(target.AsSpan(0, (int)length)) : throw FileFailure.FromLastError(Path);
    }

    /// <summary>Opens the file that this handle refers to, and not another file that has its name now.</summary>
    public SafeFileHandle Open(FileAccess access)
    {
        var handle = Libc.Open(OwnLink,
            (access == FileAccess.Read ? Libc.ReadOnly : Libc.ReadWrite) | Libc.NoTerminal | Libc.NonBlocking | Libc.CloseOnExec);
        return handle.IsInvalid ? throw FileFailure.FromLastError(Path) : handle;
    }

    /// <summary>Opens this folder, to list it or to change its owner and mode.</summary>
    public SafeFileHandle OpenFolder()
    {
        var handle = Libc.OpenAt(_handle, ((FileName)".").Bytes, Libc.CloseOnExec, 0);
        return handle.IsInvalid ? throw FileFailure.FromLastError(Path) : handle;
    }

    /// <summary>A path to the file that this handle refers to, for functions that do not accept descriptors.</summary>
    public string OwnLink => $"/proc/self/fd/{_handle.DangerousGetHandle()}";

    /// <summary>The mount of the file. One device may have several mounts.</summary>
    public string Mount =>
        File.ReadLines($"/proc/self/fdinfo/{_handle.DangerousGetHandle()}")
        .First(line => line.StartsWith("mnt_id:", StringComparison.Ordinal));

    /// <summary>Throws unless this is a regular file that cannot be a second name of a file of another user.</summary>
    public void RequirePlain(PathHandle folder)
    {
        switch (Status.Kind)
        {
            case FileKind.Link:
                throw new InvalidDataException($"{Path} is a symbolic link of {Owner}, which smm-agent does not follow; remove it");
            case FileKind.Folder:
                throw new IOException($"{Path} is a folder; remove it");
            case FileKind.Other:
                throw new InvalidDataException($"{Path} is not a plain file, but a FIFO, socket or device of {Owner}; remove it");
            // A user who may write to a folder can create a hard link there to any file on the same disk.
            case FileKind.Plain when Status.Names > 1 && !folder.IsTrusted:
                throw new InvalidDataException($"{Path} is a file of {Owner} that has another name elsewhere (a hard link); remove it");
            default:
                break;
        }
    }

    /// <summary>Reads this plain file of at most <paramref name="limit"/> bytes.</summary>
    public byte[] Read(int limit)
    {
        using var file = Open(FileAccess.Read);
        return AtomicFile.ReadAll(file, limit) ?? throw new InvalidDataException($"{Path} is larger than {limit} bytes");
    }

    public string PathOf(FileName name) => Path == "/" ? $"/{name}" : $"{Path}/{name}";

    public void Dispose() => _handle.Dispose();
}
