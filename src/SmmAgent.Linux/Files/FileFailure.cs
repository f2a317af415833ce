using System.Runtime.InteropServices;
using SmmAgent.Linux.Interop;

namespace SmmAgent.Linux.Files;

/// <summary>What the kernel refused, in one line with its cure.</summary>
internal static class FileFailure
{
    /// <summary>The failure of the last call.</summary>
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
