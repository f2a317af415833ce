using Microsoft.Win32.SafeHandles;
using SmmAgent.Linux.Interop;

namespace SmmAgent.Linux.Files;

/// <summary>
/// The SELinux label of a file. A new file gets the label of its folder, so without the original label the services of the host could no
/// longer read a replaced /etc/hosts.
/// </summary>
internal static class SecurityLabel
{
    private const string Name = "security.selinux";

    /// <summary>Copies the label to another file. Without SELinux this does nothing.</summary>
    public static void Copy(PathHandle from, SafeFileHandle to)
    {
        var label = new byte[4096];
        if (Libc.GetExtendedAttribute(from.OwnLink, Name, label, (nuint)label.Length) is var length and > 0)
            _ = Libc.SetExtendedAttribute(to, Name, label, (nuint)length, 0);
    }
}
