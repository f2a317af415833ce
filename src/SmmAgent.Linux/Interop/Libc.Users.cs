using System.Runtime.InteropServices;

namespace SmmAgent.Linux.Interop;

/// <summary>Users, groups and credentials: getpwnam(3), getgrnam(3), setfsgid(2).</summary>
internal static partial class Libc
{
    [LibraryImport("libc", EntryPoint = "geteuid")]
    public static partial uint GetEffectiveUser();

    [LibraryImport("libc", EntryPoint = "getegid")]
    public static partial uint GetEffectiveGroup();

    /// <summary>Sets the group of the calling thread for access to files and sockets, and returns the previous one.</summary>
    /// <remarks>Has no effect without the right to change it.</remarks>
    [LibraryImport("libc", EntryPoint = "setfsgid")]
    public static partial uint SetFileSystemGroup(uint group);

    [LibraryImport("libc", EntryPoint = "getpwuid_r")]
    public static partial int GetUserByNumber(uint user, nint entry, nint buffer, nuint size, out nint found);

    [LibraryImport("libc", EntryPoint = "getpwnam_r", StringMarshalling = StringMarshalling.Utf8)]
    public static partial int GetUserByName(string name, nint entry, nint buffer, nuint size, out nint found);

    [LibraryImport("libc", EntryPoint = "getgrnam_r", StringMarshalling = StringMarshalling.Utf8)]
    public static partial int GetGroupByName(string name, nint entry, nint buffer, nuint size, out nint found);

    [LibraryImport("libc", EntryPoint = "getgrgid_r")]
    public static partial int GetGroupByNumber(uint group, nint entry, nint buffer, nuint size, out nint found);

    [LibraryImport("libc", EntryPoint = "getgrouplist", StringMarshalling = StringMarshalling.Utf8)]
    public static partial int GetGroupsOfUser(string user, uint primary, [Out] uint[] groups, ref int count);

    /// <summary>struct group.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct GroupEntry
    {
        public nint Name;
        public nint Password;
        public uint Group;
        public nint Members;
    }

    /// <summary>struct passwd.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct UserEntry
    {
        public nint Name;
        public nint Password;
        public uint User;
        public uint Group;
        public nint Comment;
        public nint Home;
        public nint Shell;
    }
}
