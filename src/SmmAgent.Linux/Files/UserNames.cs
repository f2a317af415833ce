using System.Globalization;
using System.Runtime.InteropServices;
using SmmAgent.Linux.Interop;

namespace SmmAgent.Linux.Files;

/// <summary>The names of the users and groups of the host.</summary>
internal static unsafe class UserNames
{
    private const int LargestEntry = 1 << 20;

    /// <summary>The name of the user; the number if the host has no name for it.</summary>
    public static string UserName(uint user) =>
        Find<Libc.UserEntry, string>((entry, buffer, size) => Find(user, entry, buffer, size), entry => Marshal.PtrToStringUTF8(entry.Name))
        ?? user.ToString(CultureInfo.InvariantCulture);

    /// <summary>The user with this name and their primary group; null when there is no such user.</summary>
    public static FileOwner? Owner(string name) =>
        Find<Libc.UserEntry, FileOwner?>(
            (entry, buffer, size) => Find(name, entry, buffer, size), entry => new FileOwner(entry.User, entry.Group));

    /// <summary>The number of the group with this name; null when there is no such group.</summary>
    public static uint? Group(string name) => Find<Libc.GroupEntry, uint?>(
        (entry, buffer, size) => (Libc.GetGroupByName(name, entry, buffer, (nuint)size, out var found), found), entry => entry.Group);

    /// <summary>The name of the group; the number if the host has no name for it.</summary>
    public static string GroupName(uint group) =>
        Find<Libc.GroupEntry, string>(
            (entry, buffer, size) => (Libc.GetGroupByNumber(group, entry, buffer, (nuint)size, out var found), found),
            entry => Marshal.PtrToStringUTF8(entry.Name))
        ?? group.ToString(CultureInfo.InvariantCulture);

    /// <summary>The numbers of all groups of a user.</summary>
    public static IReadOnlyCollection<uint> Groups(string user, uint primary)
    {
        var count = 64;
        var groups = new uint[count];
        if (Libc.GetGroupsOfUser(user, primary, groups, ref count) < 0)
        {
            groups = new uint[count];
            _ = Libc.GetGroupsOfUser(user, primary, groups, ref count);
        }

        return groups[..Math.Min(count, groups.Length)];
    }

    private static T? Find<TEntry, T>(Func<nint, nint, int, (int Error, nint Found)> find, Func<TEntry, T?> read)
        where TEntry : unmanaged
    {
        // The buffer holds the entry, followed by the strings that the entry points to.
        for (var size = 4096; size <= LargestEntry; size *= 4)
        {
            var buffer = Marshal.AllocHGlobal(size);
            try
            {
                var texts = sizeof(TEntry);
                var (error, found) = find(buffer, buffer + texts, size - texts);
                if (error != Errno.ERANGE)
                    return error == 0 && found != 0 ? read(*(TEntry*)found) : default;
            }
            finally
            {
                Marshal.FreeHGlobal(buffer);
            }
        }

        return default;
    }

    private static (int Error, nint Found) Find(uint user, nint entry, nint buffer, int size) =>
        (Libc.GetUserByNumber(user, entry, buffer, (nuint)size, out var found), found);

    private static (int Error, nint Found) Find(string name, nint entry, nint buffer, int size) =>
        (Libc.GetUserByName(name, entry, buffer, (nuint)size, out var found), found);
}
