using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace SmmDashboard.Hosting;

/// <summary>
/// Tests the type of a file, which the framework reports for folders and links only. Opening a FIFO blocks, and reading a device may
/// never end.
/// </summary>
internal static partial class RegularFile
{
    private const int CurrentFolder = -100;
    private const uint Type = 1;
    private const int ModeAt = 28;
    private const int TypeMask = 0xF000;
    private const int RegularType = 0x8000;

    /// <summary>Whether the path is a regular file or a link to one.</summary>
    public static bool Exists(string path)
    {
        // statx has the same record layout on every architecture.
        var record = new byte[256];
        return StatX(CurrentFolder, path, 0, Type, record) == 0
            && (BinaryPrimitives.ReadUInt16LittleEndian(record.AsSpan(ModeAt)) & TypeMask) == RegularType;
    }

    [LibraryImport("libc", EntryPoint = "statx", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int StatX(int folder, string path, int flags, uint mask, [Out] byte[] record);
}
