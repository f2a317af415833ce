using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace SmmAgent.Linux.State;

/// <summary>The user and the group of a file.</summary>
public readonly partial record struct FileOwner(uint User, uint Group)
{
    private const int CurrentDirectory = -100;
    private const uint UserAndGroup = 0x8 | 0x10;
    private const int UserAt = 20;
    private const int GroupAt = 24;

    /// <summary>The owner of an existing file; links are followed.</summary>
    public static unsafe FileOwner Of(string path)
    {
        // statx, because its record is laid out alike everywhere.
        var record = stackalloc byte[256];
        return Statx(CurrentDirectory, path, 0, UserAndGroup, record) == 0
            ? new(*(uint*)(record + UserAt), *(uint*)(record + GroupAt))
            : throw new IOException($"{path}: its owner cannot be seen: {Marshal.GetLastPInvokeErrorMessage()}");
    }

    /// <summary>This process's user with a group of that name; null where the host has no such group.</summary>
    public static FileOwner? WithGroup(string name)
    {
        // struct group: two pointers, then the number.
        var group = FindGroup(name);
        return group == 0 ? null : new FileOwner(EffectiveUser(), (uint)Marshal.ReadInt32(group, 2 * nint.Size));
    }

    /// <summary>Whose rights this process has.</summary>
    internal static uint CurrentUser => EffectiveUser();

    internal void GiveTo(SafeFileHandle file, string path)
    {
        if (ChangeOwner(file, User, Group) != 0)
            throw new UnauthorizedAccessException($"{path} cannot be given to user {User} and group {Group}: {Marshal.GetLastPInvokeErrorMessage()}");
    }

    internal void GiveTo(string folder)
    {
        if (ChangeOwner(folder, User, Group) != 0)
            throw new UnauthorizedAccessException($"{folder} cannot be given to user {User} and group {Group}: {Marshal.GetLastPInvokeErrorMessage()}");
    }

    [LibraryImport("libc", EntryPoint = "statx", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static unsafe partial int Statx(int folder, string path, int flags, uint mask, byte* record);

    [LibraryImport("libc", EntryPoint = "fchown", SetLastError = true)]
    private static partial int ChangeOwner(SafeFileHandle file, uint user, uint group);

    [LibraryImport("libc", EntryPoint = "chown", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int ChangeOwner(string path, uint user, uint group);

    [LibraryImport("libc", EntryPoint = "getgrnam", StringMarshalling = StringMarshalling.Utf8)]
    private static partial nint FindGroup(string name);

    [LibraryImport("libc", EntryPoint = "geteuid")]
    private static partial uint EffectiveUser();
}
