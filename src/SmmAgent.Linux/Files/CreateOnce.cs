using System.Runtime.InteropServices;
using SmmAgent.Linux.Interop;

namespace SmmAgent.Linux.Files;

/// <summary>Makes a file that only one of several starters makes: the others find the whole content of the first.</summary>
internal static class CreateOnce
{
    /// <summary>Writes the file unless there is one.</summary>
    /// <returns>Whether it was written by this call.</returns>
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
