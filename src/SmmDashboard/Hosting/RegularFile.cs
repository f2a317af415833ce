using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace SmmDashboard.Hosting;

/// <summary>What a path leads to, which the framework says of folders and links only. Opening a FIFO waits, and a device has no end.</summary>
internal static partial class RegularFile
{
    private const int CurrentFolder = -100;
    private const uint Type = 1;
    private const int ModeAt = 28;
    private const int TypeMask = 0xF000;
    private const int RegularType = 0x8000;

    /// <summary>Whether it is a regular file, or a link to one.</summary>
    public static bool Exists(string path)
    {
        // statx, because its record is laid out alike everywhere.
        var record = new byte[256];
        return StatX(CurrentFolder, path, 0, Type, record) == 0 && (BinaryPrimitives.ReadUInt16LittleEndian(record.AsSpan(ModeAt)) & TypeMask) == RegularType;
    }

    [LibraryImport("libc", EntryPoint = "statx", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int StatX(int folder, string path, int flags, uint mask, [Out] byte[] record);
}
