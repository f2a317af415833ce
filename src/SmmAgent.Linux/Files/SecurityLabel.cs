using Microsoft.Win32.SafeHandles;
using SmmAgent.Linux.Interop;

namespace SmmAgent.Linux.Files;

/// <summary>
/// SELinux' label of a file. A new file gets its folder's, with which the host's services could not read a replaced /etc/hosts any more.
/// </summary>
internal static class SecurityLabel
{
    private const string Name = "security.selinux";

    /// <summary>Gives a file the label of another; without SELinux there is none.</summary>
    public static void Copy(PathHandle from, SafeFileHandle to)
    {
        var label = new byte[4096];
        if (Libc.GetExtendedAttribute(from.OwnLink, Name, label, (nuint)label.Length) is var length and > 0)
            _ = Libc.SetExtendedAttribute(to, Name, label, (nuint)length, 0);
    }
}
