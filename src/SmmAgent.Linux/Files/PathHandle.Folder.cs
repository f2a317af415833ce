using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using SmmAgent.Linux.Interop;

namespace SmmAgent.Linux.Files;

/// <summary>The operations in a folder. They use the descriptor and never a path, so they cannot be redirected to another folder.</summary>
internal sealed partial class PathHandle
{
    private const int NewFile = Libc.WriteOnly | Libc.Create | Libc.Exclusive;
    private const int OwnerOnlyFile = 0b110_000_000;
    private const int OwnerOnlyFolder = 0b111_000_000;
    private const int NameInEntry = 19; // the offset in struct dirent on every 64-bit architecture

    /// <summary>Creates a file that only the user of this process may open.</summary>
    public SafeFileHandle Create(FileName name)
    {
        var handle = Libc.OpenAt(_handle, name.Bytes, NewFile | Libc.NoFollow | Libc.CloseOnExec, OwnerOnlyFile);
        return handle.IsInvalid ? throw FileFailure.FromLastError($"{PathOf(name)} cannot be made") : handle;
    }

    /// <summary>Creates a folder.</summary>
    /// <param name="owner">The owner; null for the user of this process.</param>
    public PathHandle MakeFolder(FileName name, FileOwner? owner, UnixFileMode mode)
    {
        if (Libc.MakeDirectoryAt(_handle, name.Bytes, OwnerOnlyFolder) != 0
            && Marshal.GetLastPInvokeError() is var error and not Errno.EEXIST)
            throw FileFailure.From($"{PathOf(name)} cannot be made", error);

        var made = Child(name);
        // A user who may write to this folder may have replaced the new folder in the meantime.
        if (made is not { Status.Kind: FileKind.Folder } || made.Status.Owner.User != FileOwner.CurrentUser)
        {
            made?.Dispose();
            throw new IOException($"{PathOf(name)} was replaced while it was made; see what {Owner} does there");
        }

        made.GiveFolderTo(owner, mode);
        Flush();
        return made;
    }

    /// <summary>Changes the owner and the mode of this folder.</summary>
    public void GiveFolderTo(FileOwner? owner, UnixFileMode mode)
    {
        using var folder = OpenFolder();
        owner?.GiveTo(folder, Path);
        File.SetUnixFileMode(folder, mode);
    }

    /// <returns>The error number; 0 on success.</returns>
    public int Rename(FileName from, FileName to) => Error(Libc.RenameAt(_handle, from.Bytes, _handle, to.Bytes));

    /// <summary>Removes an entry that is not a folder; a link is not followed.</summary>
    /// <returns>The error number; 0 on success.</returns>
    public int Unlink(FileName name) => Error(Libc.UnlinkAt(_handle, name.Bytes, 0));

    /// <summary>Removes an empty folder.</summary>
    /// <returns>The error number; 0 on success.</returns>
    public int RemoveFolder(FileName name) => Error(Libc.UnlinkAt(_handle, name.Bytes, Libc.RemoveDirectory));

    /// <summary>Makes the changes in this folder durable across a power failure.</summary>
    public void Flush()
    {
        using var folder = OpenFolder();
        RandomAccess.FlushToDisk(folder);
    }

    /// <summary>Lists all names in this folder as bytes: the listing of .NET would change names that are not valid UTF-8.</summary>
    public List<FileName> List()
    {
        var folder = OpenFolder();
        var stream = Libc.OpenDirectoryStream(folder);
        if (stream == 0)
            throw FileFailure.FromLastError(Path);

        folder.SetHandleAsInvalid(); // closedir closes the descriptor
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
