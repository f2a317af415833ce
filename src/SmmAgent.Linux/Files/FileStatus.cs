using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using SmmAgent.Linux.Interop;

namespace SmmAgent.Linux.Files;

internal enum FileKind
{
    Plain,
    Folder,
    Link,

    /// <summary>A FIFO, a socket, a device.</summary>
    Other,
}

/// <summary>The metadata of a file: statx(2).</summary>
/// <param name="Names">The number of names (hard links) of the file.</param>
/// <param name="Modified">When the content last changed. The owner of the file can set this time.</param>
/// <param name="Changed">When the inode last changed. No user can set this time.</param>
internal readonly record struct FileStatus(
    FileKind Kind, FileOwner Owner, UnixFileMode Mode, uint Names, DateTimeOffset Modified, DateTimeOffset Changed)
{
    private const int PermissionBits = 0xFFF;

    /// <summary>Identifies the file among all files that exist at the same time.</summary>
    public FileNumber Number { get; init; }

    /// <summary>The status of the file at a path; links are followed.</summary>
    public static unsafe FileStatus Read(string path)
    {
        // statx, because its record has the same layout on every architecture.
        var record = new Libc.StatxRecord();
        return Libc.Statx(Libc.CurrentDirectory, path, 0, Libc.BasicStatus, &record) == 0
            ? From(record)
            : throw new IOException($"{path}: its owner cannot be seen: {Marshal.GetLastPInvokeErrorMessage()}");
    }

    /// <summary>The status of the file that a descriptor refers to; of the link itself if the descriptor refers to a link.</summary>
    public static unsafe FileStatus Read(SafeFileHandle file, string path)
    {
        var record = new Libc.StatxRecord();
        return Libc.Statx((int)file.DangerousGetHandle(), "", Libc.EmptyPath, Libc.BasicStatus, &record) == 0
            ? From(record)
            : throw FileFailure.FromLastError(path);
    }

    private static FileStatus From(in Libc.StatxRecord record) => new(
        (record.Mode & 0xF000) switch
        {
            0x8000 => FileKind.Plain,
            0x4000 => FileKind.Folder,
            0xA000 => FileKind.Link,
            _ => FileKind.Other,
        },
        new(record.User, record.Group),
        (UnixFileMode)(record.Mode & PermissionBits),
        record.Names,
        Time(record.Modified, record.ModifiedNanoseconds),
        Time(record.Changed, record.ChangedNanoseconds))
    {
        Number = new(record.DeviceMajor, record.DeviceMinor, record.Inode),
    };

    // The owner of a file can set any time, including times that DateTimeOffset cannot represent.
    private static DateTimeOffset Time(long seconds, uint nanoseconds) =>
        DateTimeOffset.FromUnixTimeSeconds(
            Math.Clamp(seconds, DateTimeOffset.MinValue.ToUnixTimeSeconds(), DateTimeOffset.MaxValue.ToUnixTimeSeconds()))
        .AddTicks(nanoseconds / TimeSpan.NanosecondsPerTick);
}

/// <summary>The device of a file and its inode number on that device.</summary>
internal readonly record struct FileNumber(uint DeviceMajor, uint DeviceMinor, ulong Inode);
