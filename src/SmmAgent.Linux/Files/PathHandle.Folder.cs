using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using SmmAgent.Linux.Interop;

namespace SmmAgent.Linux.Files;

/// <summary>What is done in a held folder: never by a path, so it is done in this folder and nowhere else.</summary>
internal sealed partial class PathHandle
{
    private const int NewFile = Libc.WriteOnly | Libc.Create | Libc.Exclusive;
    private const int OwnerOnlyFile = 0b110_000_000;
    private const int OwnerOnlyFolder = 0b111_000_000;
    private const int NameInEntry = 19; // struct dirent, everywhere where numbers have 64 bits

    /// <summary>Makes a file that only this process's user may open.</summary>
    public SafeFileHandle Create(FileName name)
    {
        var handle = Libc.OpenAt(_handle, name.Bytes, NewFile | Libc.NoFollow | Libc.CloseOnExec, OwnerOnlyFile);
        return handle.IsInvalid ? throw FileFailure.FromLastError($"{PathOf(name)} cannot be made") : handle;
    }

    /// <summary>Makes a folder.</summary>
    /// <param name="owner">Null leaves it this process's.</param>
    public PathHandle MakeFolder(FileName name, FileOwner? owner, UnixFileMode mode)
    {
        if (Libc.MakeDirectoryAt(_handle, name.Bytes, OwnerOnlyFolder) != 0
            && Marshal.GetLastPInvokeError() is var error and not Errno.EEXIST)
            throw FileFailure.From($"{PathOf(name)} cannot be made", error);

        var made = Child(name);
        // Whoever may write to this folder can have swapped it since.
        if (made is not { Status.Kind: FileKind.Folder } || made.Status.Owner.User != FileOwner.CurrentUser)
        {
            made?.Dispose();
            throw new IOException($"{PathOf(name)} was replaced while it was made; see what {Owner} does there");
        }

        made.GiveFolderTo(owner, mode);
        Flush();
        return made;
    }

    /// <summary>Changes the owner and the mode of this folder itself.</summary>
    public void GiveFolderTo(FileOwner? owner, UnixFileMode mode)
    {
        using var folder = OpenFolder();
        owner?.GiveTo(folder, Path);
        File.SetUnixFileMode(folder, mode);
    }

    /// <returns>Why it failed, as errno has it; 0 when it did not.</returns>
    public int Rename(FileName from, FileName to) => Error(Libc.RenameAt(_handle, from.Bytes, _handle, to.Bytes));

    /// <summary>Removes a name that is no folder's; a link is not followed.</summary>
    /// <returns>Why it failed, as errno has it; 0 when it did not.</returns>
    public int Unlink(FileName name) => Error(Libc.UnlinkAt(_handle, name.Bytes, 0));

    /// <summary>Removes an empty folder.</summary>
    /// <returns>Why it failed, as errno has it; 0 when it did not.</returns>
    public int RemoveFolder(FileName name) => Error(Libc.UnlinkAt(_handle, name.Bytes, Libc.RemoveDirectory));

    /// <summary>What was done in this folder survives a power cut.</summary>
    public void Flush()
    {
        using var folder = OpenFolder();
        RandomAccess.FlushToDisk(folder);
    }

    /// <summary>All names in this folder, as bytes: .NET's own listing would change those that are no UTF-8.</summary>
    public List<FileName> List()
    {
        var folder = OpenFolder();
        var stream = Libc.OpenDirectoryStream(folder);
        if (stream == 0)
            throw FileFailure.FromLastError(Path);

        folder.SetHandleAsInvalid(); // the stream closes it
        try
        {
            var names = new List<FileName>();
            while (Libc.ReadDirectoryEntry(stream) is var entry and not 0)
            {
                FileName name = new([.. NameOf(entry), 0]);
                if (!name.Bytes.AsSpan().SequenceEqual(".\0"u8) && !name.Bytes.AsSpan().SequenceEqual("..\0"u8))
                    names.Add(name);
            }

            return Marshal.GetLastPInvokeError() == 0 ? names : throw FileFailure.FromLastError(Path);
        }
        finally
        {
            _ = Libc.CloseDirectoryStream(stream);
        }
    }

    private static unsafe ReadOnlySpan<byte> NameOf(nint entry) =>
        MemoryMarshal.CreateReadOnlySpanFromNullTerminated((byte*)entry + NameInEntry);

    private static int Error(int result) => result == 0 ? 0 : Marshal.GetLastPInvokeError();
}
