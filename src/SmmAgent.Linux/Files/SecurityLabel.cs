using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace SmmAgent.Linux.Files;

/// <summary>SELinux' label of a file. A new file gets its folder's, with which the host's services could not read a replaced /etc/hosts any more.</summary>
internal static partial class SecurityLabel
{
    private const string Name = "security.selinux";

    /// <summary>Gives a file the label of another; without SELinux there is none.</summary>
    public static void Copy(HeldPath from, SafeFileHandle to)
    {
        var label = new byte[4096];
        if (Get(from.OwnLink, Name, label, (nuint)label.Length) is var length and > 0)
            _ = Set(to, Name, label, (nuint)length, 0);
    }

    [LibraryImport("libc", EntryPoint = "getxattr", StringMarshalling = StringMarshalling.Utf8)]
    private static partial nint Get(string path, string name, Span<byte> value, nuint size);

    [LibraryImport("libc", EntryPoint = "fsetxattr", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Set(SafeFileHandle file, string name, ReadOnlySpan<byte> value, nuint size, int flags);
}
