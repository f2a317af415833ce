using System.Runtime.InteropServices;

namespace SmmAgent.Linux.Systemd;

/// <summary>A message of the bus: arguments are added in the order of the signature, and read in the order of the reply's.</summary>
public sealed class BusMessage : IDisposable
{
    private nint _message;

    internal BusMessage(nint message) => _message = message;

    internal nint Handle => _message;

    public BusMessage Add(string value)
    {
        SdBus.Check(SdBusNative.AppendString(_message, (byte)'s', value), "message");
        return this;
    }

    public BusMessage Add(int value)
    {
        SdBus.Check(SdBusNative.AppendInt(_message, (byte)'i', value), "message");
        return this;
    }

    public BusMessage AddUnsigned(int value)
    {
        SdBus.Check(SdBusNative.AppendInt(_message, (byte)'u', value), "message");
        return this;
    }

    /// <summary>A 64-bit number without sign; systemd's times are in microseconds.</summary>
    public BusMessage Add(ulong value)
    {
        SdBus.Check(SdBusNative.AppendLong(_message, (byte)'t', value), "message");
        return this;
    }

    public BusMessage Add(bool value)
    {
        SdBus.Check(SdBusNative.AppendInt(_message, (byte)'b', value ? 1 : 0), "message");
        return this;
    }

    public BusMessage Add(IEnumerable<string> values) => AddContainer('a', "s", array =>
    {
        foreach (var value in values)
            array.Add(value);
    });

    /// <summary>A container: <c>a</c> for an array, <c>r</c> for a struct, <c>v</c> for a variant.</summary>
    /// <param name="contents">The signature of what is in it.</param>
    public BusMessage AddContainer(char type, string contents, Action<BusMessage> fill)
    {
        SdBus.Check(SdBusNative.OpenContainer(_message, (byte)type, contents), "message");
        fill(this);
        SdBus.Check(SdBusNative.CloseContainer(_message), "message");
        return this;
    }

    /// <summary>Whether it is the reply of a call that failed.</summary>
    public bool IsError => SdBusNative.IsMethodError(_message, null) > 0;

    /// <summary>What the reply of a call that failed says; null of any other message.</summary>
    internal DBusException? Error
    {
        get
        {
            if (!IsError)
                return null;
            var error = Marshal.PtrToStructure<SdBusNative.Error>(SdBusNative.GetError(_message));
            return new(Marshal.PtrToStringUTF8(error.Name)!, Marshal.PtrToStringUTF8(error.Message) ?? "no reason given");
        }
    }

    /// <summary>Whether it is the reply to the call that was sent with this cookie.</summary>
    internal bool Answers(ulong cookie) => SdBusNative.GetReplyCookie(_message, out var answered) >= 0 && answered == cookie;

    public bool IsSignal(string? @interface, string? member) => SdBusNative.IsSignal(_message, @interface, member) > 0;

    /// <summary>The next argument: a string, or with type <c>o</c> an object path.</summary>
    public string ReadString(char type = 's')
    {
        Present(SdBusNative.ReadString(_message, (byte)type, out var text));
        return Marshal.PtrToStringUTF8(text)!;
    }

    public int ReadInt()
    {
        Present(SdBusNative.ReadInt(_message, (byte)'i', out var value));
        return value;
    }

    /// <summary>A number without sign, as the 32 bits that it is.</summary>
    public int ReadUnsigned()
    {
        Present(SdBusNative.ReadInt(_message, (byte)'u', out var value));
        return value;
    }

    /// <summary>A 64-bit number without sign.</summary>
    public ulong ReadUnsignedLong()
    {
        Present(SdBusNative.ReadLong(_message, (byte)'t', out var value));
        return value;
    }

    public bool ReadBool()
    {
        Present(SdBusNative.ReadInt(_message, (byte)'b', out var value));
        return value != 0;
    }

    public IReadOnlyList<string> ReadStrings() => ReadArray("s", message => message.ReadString());

    /// <summary>Reads an array, element by element.</summary>
    /// <param name="element">The signature of one element.</param>
    public IReadOnlyList<T> ReadArray<T>(string element, Func<BusMessage, T> read)
    {
        Present(SdBusNative.EnterContainer(_message, (byte)'a', element));
        var list = new List<T>();
        while (!AtEnd())
            list.Add(read(this));
        Exit();
        return list;
    }

    /// <summary>Reads a struct's members.</summary>
    public T ReadStruct<T>(string members, Func<BusMessage, T> read) => ReadContainer('r', members, read);

    /// <summary>Reads a dictionary's entry; a dictionary is an array of these.</summary>
    public T ReadEntry<T>(string members, Func<BusMessage, T> read) => ReadContainer('e', members, read);

    /// <summary>Reads a variant that holds this type.</summary>
    public T ReadVariant<T>(string type, Func<BusMessage, T> read) => ReadContainer('v', type, read);

    /// <summary>Leaves out arguments.</summary>
    public BusMessage Skip(string types)
    {
        SdBus.Check(SdBusNative.Skip(_message, types), "reply");
        return this;
    }

    public void Dispose()
    {
        SdBusNative.MessageUnref(_message);
        _message = 0;
    }

    private T ReadContainer<T>(char type, string members, Func<BusMessage, T> read)
    {
        Present(SdBusNative.EnterContainer(_message, (byte)type, members));
        var value = read(this);
        Exit();
        return value;
    }

    private bool AtEnd() => SdBus.Check(SdBusNative.AtEnd(_message, 0), "reply") > 0;

    private void Exit() => SdBus.Check(SdBusNative.ExitContainer(_message), "reply");

    // Zero means that there is nothing left to read.
    private static void Present(int result)
    {
        if (SdBus.Check(result, "reply") == 0)
            throw new DBusException("org.freedesktop.DBus.Error.InvalidSignature", "the reply ends too early");
    }
}
