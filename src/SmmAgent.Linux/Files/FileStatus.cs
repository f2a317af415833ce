using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace SmmAgent.Linux.Files;

internal enum FileKind
{
    Plain,
    Folder,
    Link,

    /// <summary>A FIFO, a socket, a device.</summary>
    Other,
}

/// <summary>What the file system says of a file.</summary>
/// <param name="Names">How many names (hard links) it has.</param>
/// <param name="Modified">When its content last changed, as its owner may set it.</param>
/// <param name="Changed">When its inode last changed, which nobody can set.</param>
internal readonly partial record struct FileStatus(
    FileKind Kind, FileOwner Owner, UnixFileMode Mode, uint Names, DateTimeOffset Modified, DateTimeOffset Changed)
{
    private const int CurrentDirectory = -100;
    private const int TheDescriptorItself = 0x1000;
    private const uint BasicMask = 0x7FF;
    private const int PermissionBits = 0xFFF;

    /// <summary>What distinguishes it from every other file that is there at the same time.</summary>
    public FileNumber Number { get; init; }

    /// <summary>The status of the file at a path; links are followed.</summary>
    public static unsafe FileStatus Of(string path)
    {
        // statx, because its record is laid out alike everywhere.
        var record = new Record();
        return Statx(CurrentDirectory, path, 0, BasicMask, &record) == 0
            ? From(record)
            : throw new IOException($"{path}: its owner cannot be seen: {Marshal.GetLastPInvokeErrorMessage()}");
    }

    /// <summary>The status of what a descriptor holds, also one of a link.</summary>
    public static unsafe FileStatus Of(SafeFileHandle file, string path)
    {
        var record = new Record();
        return Statx((int)file.DangerousGetHandle(), "", TheDescriptorItself, BasicMask, &record) == 0
            ? From(record)
            : throw FileFailure.Last(path);
    }

    private static FileStatus From(in Record record) => new(
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

    // A file's owner may set any time, also one that .NET knows no date for.
    private static DateTimeOffset Time(long seconds, uint nanoseconds) =>
        DateTimeOffset.FromUnixTimeSeconds(
            Math.Clamp(seconds, DateTimeOffset.MinValue.ToUnixTimeSeconds(), DateTimeOffset.MaxValue.ToUnixTimeSeconds()))
        .AddTicks(nanoseconds / TimeSpan.NanosecondsPerTick);

    [LibraryImport("libc", EntryPoint = "statx", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static unsafe partial int Statx(int folder, string path, int flags, uint mask, Record* record);

    [StructLayout(LayoutKind.Explicit, Size = 256)]
    private struct Record
    {
        [FieldOffset(16)]
        public uint Names;

        [FieldOffset(20)]
        public uint User;

        [FieldOffset(24)]
        public uint Group;

        [FieldOffset(28)]
        public ushort Mode;

        [FieldOffset(32)]
        public ulong Inode;

        [FieldOffset(96)]
        public long Changed;

        [FieldOffset(104)]
        public uint ChangedNanoseconds;

        [FieldOffset(112)]
        public long Modified;

        [FieldOffset(120)]
        public uint ModifiedNanoseconds;

        [FieldOffset(136)]
        public uint DeviceMajor;

        [FieldOffset(140)]
        public uint DeviceMinor;
    }
}

/// <summary>The device of a file and its number there.</summary>
internal readonly record struct FileNumber(uint DeviceMajor, uint DeviceMinor, ulong Inode);
