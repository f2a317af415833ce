using System.Globalization;
using System.Runtime.InteropServices;

namespace SmmAgent.Linux.Files;

/// <summary>The names of the host's users and groups.</summary>
internal static unsafe partial class UserNames
{
    private const int OutOfRange = 34;
    private const int LargestEntry = 1 << 20;

    /// <summary>The user's name; the number where the host has no name for it.</summary>
    public static string Of(uint user) =>
        Look<Entry, string>((entry, room, size) => Find(user, entry, room, size), entry => Marshal.PtrToStringUTF8(entry.Name))
        ?? user.ToString(CultureInfo.InvariantCulture);

    /// <summary>The user of that name with their own group; null when there is none.</summary>
    public static FileOwner? Owner(string name) =>
        Look<Entry, FileOwner?>((entry, room, size) => Find(name, entry, room, size), entry => new FileOwner(entry.User, entry.Group));

    /// <summary>The number of the group of that name; null when there is none.</summary>
    public static uint? Group(string name) => Look<GroupEntry, uint?>(
        (entry, room, size) => (GetGroupByName(name, entry, room, (nuint)size, out var found), found), entry => entry.Group);

    /// <summary>The group's name; the number where the host has no name for it.</summary>
    public static string OfGroup(uint group) =>
        Look<GroupEntry, string>(
            (entry, room, size) => (GetGroupByNumber(group, entry, room, (nuint)size, out var found), found), entry => Marshal.PtrToStringUTF8(entry.Name))
        ?? group.ToString(CultureInfo.InvariantCulture);

    /// <summary>The numbers of all groups of a user.</summary>
    public static IReadOnlyCollection<uint> Groups(string user, uint primary)
    {
        var count = 64;
        var groups = new uint[count];
        if (GetGroups(user, primary, groups, ref count) < 0)
        {
            groups = new uint[count];
            _ = GetGroups(user, primary, groups, ref count);
        }

        return groups[..Math.Min(count, groups.Length)];
    }

    private static T? Look<TEntry, T>(Func<nint, nint, int, (int Error, nint Found)> find, Func<TEntry, T?> read)
        where TEntry : unmanaged
    {
        // The entry and, behind it, the texts that it points to.
        for (var size = 4096; size <= LargestEntry; size *= 4)
        {
            var room = Marshal.AllocHGlobal(size);
            try
            {
                var texts = sizeof(TEntry);
                var (error, found) = find(room, room + texts, size - texts);
                if (error != OutOfRange)
                    return error == 0 && found != 0 ? read(*(TEntry*)found) : default;
            }
            finally
            {
                Marshal.FreeHGlobal(room);
            }
        }

        return default;
    }

    private static (int Error, nint Found) Find(uint user, nint entry, nint room, int size) =>
        (GetByNumber(user, entry, room, (nuint)size, out var found), found);

    private static (int Error, nint Found) Find(string name, nint entry, nint room, int size) =>
        (GetByName(name, entry, room, (nuint)size, out var found), found);

    [LibraryImport("libc", EntryPoint = "getpwuid_r")]
    private static partial int GetByNumber(uint user, nint entry, nint room, nuint size, out nint found);

    [LibraryImport("libc", EntryPoint = "getpwnam_r", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int GetByName(string name, nint entry, nint room, nuint size, out nint found);

    [LibraryImport("libc", EntryPoint = "getgrnam_r", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int GetGroupByName(string name, nint entry, nint room, nuint size, out nint found);

    [LibraryImport("libc", EntryPoint = "getgrgid_r")]
    private static partial int GetGroupByNumber(uint group, nint entry, nint room, nuint size, out nint found);

    [LibraryImport("libc", EntryPoint = "getgrouplist", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int GetGroups(string user, uint primary, [Out] uint[] groups, ref int count);

    // struct group
    [StructLayout(LayoutKind.Sequential)]
    private struct GroupEntry
    {
        public nint Name;
        public nint Password;
        public uint Group;
        public nint Members;
    }

    // struct passwd
    [StructLayout(LayoutKind.Sequential)]
    private struct Entry
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
