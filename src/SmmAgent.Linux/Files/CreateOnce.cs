using System.Runtime.InteropServices;
using SmmAgent.Linux.Interop;

namespace SmmAgent.Linux.Files;

/// <summary>
/// Creates a file that several processes may create at the same time: one of them wins, and the others read its complete content.
/// </summary>
internal static class CreateOnce
{
    /// <summary>Writes the file unless it exists.</summary>
    /// <returns>Whether this call wrote the file.</returns>
    public static bool Write(string path, ReadOnlySpan<byte> content, UnixFileMode mode)
    {
        var candidate = $"{path}.{Guid.NewGuid():N}.new";
        try
        {
            AtomicFile.Write(candidate, content, mode);
            // A rename would replace the winner's file; a hard link fails when the name is taken.
            if (Libc.Link(candidate, path) == 0)
                return true;

            var error = Marshal.GetLastPInvokeError();
            return error == Errno.EEXIST ? false : throw new IOException($"{path} cannot be made: {Marshal.GetPInvokeErrorMessage(error)}");
        }
        finally
        {
            File.Delete(candidate);
        }
    }
}
