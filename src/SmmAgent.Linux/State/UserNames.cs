using System.Globalization;
using System.Runtime.InteropServices;

namespace SmmAgent.Linux.State;

/// <summary>The names of the host's users.</summary>
internal static partial class UserNames
{
    private const int OutOfRange = 34;
    private const int LargestEntry = 1 << 20;

    /// <summary>The user's name; the number where the host has no name for it.</summary>
    public static string Of(uint user) =>
        Look((entry, room, size) => Find(user, entry, room, size), entry => Marshal.PtrToStringUTF8(entry.Name))
        ?? user.ToString(CultureInfo.InvariantCulture);

    /// <summary>The user of that name with their own group; null when there is none.</summary>
    public static FileOwner? Owner(string name) =>
        Look((entry, room, size) => Find(name, entry, room, size), entry => (FileOwner?)new FileOwner(entry.User, entry.Group));

    private static T? Look<T>(Func<nint, nint, int, (int Error, nint Found)> find, Func<Entry, T?> read)
    {
        // The entry and, behind it, the texts that it points to.
        for (var size = 4096; size <= LargestEntry; size *= 4)
        {
            var room = Marshal.AllocHGlobal(size);
            try
            {
                var texts = Marshal.SizeOf<Entry>();
                var (error, found) = find(room, room + texts, size - texts);
                if (error != OutOfRange)
                    return error == 0 && found != 0 ? read(Marshal.PtrToStructure<Entry>(found)) : default;
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
