using System.Runtime.InteropServices;
using SmmAgent.Linux.Interop;

namespace SmmAgent.Linux.Files;

/// <summary>Opens a file of the agent that is written in several steps.</summary>
internal static class PrivateFile
{
    private const int Mode = 0b110_000_000;

    /// <summary>Opens the file for reading and writing, and creates it if it does not exist. Links are always refused.</summary>
    /// <exception cref="InvalidDataException">The path is not a regular file.</exception>
    public static FileStream OpenOrCreate(string path) => Open(path, Libc.Create);

    /// <summary>Opens an existing file for reading and writing. Links are always refused.</summary>
    public static FileStream OpenExisting(string path) => Open(path, 0);

    private static FileStream Open(string path, int create)
    {
        var file = Libc.Open(path, Libc.ReadWrite | create | Libc.NonBlocking | Libc.CloseOnExec | Libc.NoFollow, Mode);
        if (file.IsInvalid)
        {
            var error = Marshal.GetLastPInvokeError();
            file.Dispose();
            throw error == Errno.ELOOP
                ? new InvalidDataException($"{path} is a link, which smm-agent never creates")
                : new IOException($"{path}: {Marshal.GetPInvokeErrorMessage(error)}", error);
        }

        var stream = new FileStream(file, FileAccess.ReadWrite, bufferSize: 0);
        if (stream.CanSeek)
            return stream;

        stream.Dispose();
        throw new InvalidDataException($"{path} is not a plain file");
    }
}
