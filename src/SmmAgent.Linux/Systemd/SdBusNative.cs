using System.Runtime.InteropServices;

namespace SmmAgent.Linux.Systemd;

/// <summary>libsystemd's sd-bus, sd-bus(3). The library is opened at the first call.</summary>
internal static partial class SdBusNative
{
    private const string Library = "libsystemd.so.0";

    [StructLayout(LayoutKind.Sequential)]
    public struct Error
    {
        public nint Name;
        public nint Message;
        public int NeedsFree;
    }

    [LibraryImport(Library, EntryPoint = "sd_bus_new")]
    public static partial int New(out nint bus);

    [LibraryImport(Library, EntryPoint = "sd_bus_set_address", StringMarshalling = StringMarshalling.Utf8)]
    public static partial int SetAddress(nint bus, string address);

    [LibraryImport(Library, EntryPoint = "sd_bus_set_bus_client")]
    public static partial int SetBusClient(nint bus, int yes);

    [LibraryImport(Library, EntryPoint = "sd_bus_start")]
    public static partial int Start(nint bus);

    [LibraryImport(Library, EntryPoint = "sd_bus_close")]
    public static partial void Close(nint bus);

    [LibraryImport(Library, EntryPoint = "sd_bus_unref")]
    public static partial nint Unref(nint bus);

    [LibraryImport(Library, EntryPoint = "sd_bus_get_fd")]
    public static partial int GetFd(nint bus);

    [LibraryImport(Library, EntryPoint = "sd_bus_get_events")]
    public static partial int GetEvents(nint bus);

    [LibraryImport(Library, EntryPoint = "sd_bus_get_timeout")]
    public static partial int GetTimeout(nint bus, out ulong microseconds);

    [LibraryImport(Library, EntryPoint = "sd_bus_process")]
    public static partial int Process(nint bus, out nint message);

    [LibraryImport(Library, EntryPoint = "sd_bus_send")]
    public static partial int Send(nint bus, nint message, out ulong cookie);

    [LibraryImport(Library, EntryPoint = "sd_bus_message_new_method_call", StringMarshalling = StringMarshalling.Utf8)]
    public static partial int NewMethodCall(nint bus, out nint message, string destination, string path, string @interface, string member);

    [LibraryImport(Library, EntryPoint = "sd_bus_message_unref")]
    public static partial nint MessageUnref(nint message);

    [LibraryImport(Library, EntryPoint = "sd_bus_message_set_auto_start")]
    public static partial int SetAutoStart(nint message, int yes);

    [LibraryImport(Library, EntryPoint = "sd_bus_message_is_method_error", StringMarshalling = StringMarshalling.Utf8)]
    public static partial int IsMethodError(nint message, string? name);

    [LibraryImport(Library, EntryPoint = "sd_bus_message_get_error")]
    public static partial nint GetError(nint message);

    [LibraryImport(Library, EntryPoint = "sd_bus_message_get_reply_cookie")]
    public static partial int GetReplyCookie(nint message, out ulong cookie);

    [LibraryImport(Library, EntryPoint = "sd_bus_message_is_signal", StringMarshalling = StringMarshalling.Utf8)]
    public static partial int IsSignal(nint message, string? @interface, string? member);

    [LibraryImport(Library, EntryPoint = "sd_bus_message_append_basic", StringMarshalling = StringMarshalling.Utf8)]
    public static partial int AppendString(nint message, byte type, string value);

    [LibraryImport(Library, EntryPoint = "sd_bus_message_append_basic")]
    public static partial int AppendInt(nint message, byte type, in int value);

    [LibraryImport(Library, EntryPoint = "sd_bus_message_append_basic")]
    public static partial int AppendLong(nint message, byte type, in ulong value);

    [LibraryImport(Library, EntryPoint = "sd_bus_message_open_container", StringMarshalling = StringMarshalling.Utf8)]
    public static partial int OpenContainer(nint message, byte type, string contents);

    [LibraryImport(Library, EntryPoint = "sd_bus_message_close_container")]
    public static partial int CloseContainer(nint message);

    [LibraryImport(Library, EntryPoint = "sd_bus_message_enter_container", StringMarshalling = StringMarshalling.Utf8)]
    public static partial int EnterContainer(nint message, byte type, string contents);

    [LibraryImport(Library, EntryPoint = "sd_bus_message_exit_container")]
    public static partial int ExitContainer(nint message);

    [LibraryImport(Library, EntryPoint = "sd_bus_message_read_basic")]
    public static partial int ReadString(nint message, byte type, out nint text);

    [LibraryImport(Library, EntryPoint = "sd_bus_message_read_basic")]
    public static partial int ReadInt(nint message, byte type, out int value);

    [LibraryImport(Library, EntryPoint = "sd_bus_message_read_basic")]
    public static partial int ReadLong(nint message, byte type, out ulong value);

    [LibraryImport(Library, EntryPoint = "sd_bus_message_skip", StringMarshalling = StringMarshalling.Utf8)]
    public static partial int Skip(nint message, string types);

    [LibraryImport(Library, EntryPoint = "sd_bus_message_at_end")]
    public static partial int AtEnd(nint message, int complete);
}
