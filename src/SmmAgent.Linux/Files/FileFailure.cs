using System.Runtime.InteropServices;
using SmmAgent.Linux.Interop;

namespace SmmAgent.Linux.Files;

/// <summary>Turns an error number of the kernel into an exception with a one-line message that includes the fix.</summary>
internal static class FileFailure
{
    /// <summary>Creates the exception for the last call to libc.</summary>
    public static Exception FromLastError(string what) => From(what, Marshal.GetLastPInvokeError());

    public static Exception From(string what, int error)
    {
        var line = $"{what}: {Marshal.GetPInvokeErrorMessage(error)}{Remediation(error)}";
        return error is Errno.EPERM or Errno.EACCES ? new UnauthorizedAccessException(line) : new IOException(line, error);
    }

    private static string Remediation(int error) => error switch
    {
        Errno.EPERM => "; lsattr shows whether it is immutable, and chattr -i ends that",
        Errno.EBUSY => "; something is mounted there: unmount it",
        Errno.ENOSPC or Errno.EDQUOT => "; free space on this disk",
        Errno.EROFS => "; mount it for writing",
        _ => "",
    };
}
