using System.Runtime.InteropServices;
using SmmAgent.Linux.Interop;

namespace SmmAgent.Linux.Files;

/// <summary>What the kernel refused, in one line with its cure.</summary>
internal static class FileFailure
{
    public const int EPERM = 1;
    public const int EBUSY = 16;
    public const int EEXIST = 17;
    public const int EXDEV = 18;
    public const int EISDIR = 21;
    public const int ENOSPC = 28;
    public const int EROFS = 30;
    public const int ENOTEMPTY = 39;
    public const int EDQUOT = 122;

    /// <summary>The failure of the last call.</summary>
    public static Exception Last(string what) => Of(what, Marshal.GetLastPInvokeError());

    public static Exception Of(string what, int error)
    {
        var line = $"{what}: {Marshal.GetPInvokeErrorMessage(error)}{Cure(error)}";
        return error is EPERM or Libc.EACCES ? new UnauthorizedAccessException(line) : new IOException(line, error);
    }

    private static string Cure(int error) => error switch
    {
        EPERM => "; lsattr shows whether it is immutable, and chattr -i ends that",
        EBUSY => "; something is mounted there: unmount it",
        ENOSPC or EDQUOT => "; make room on this disk",
        EROFS => "; mount it for writing",
        _ => "",
    };
}
