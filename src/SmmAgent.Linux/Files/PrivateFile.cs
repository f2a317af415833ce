using System.Runtime.InteropServices;
using SmmAgent.Linux.Interop;

namespace SmmAgent.Linux.Files;

/// <summary>Opens a file of the agent's own that it writes piece by piece.</summary>
internal static class PrivateFile
{
    private const int Mode = 0b110_000_000;

    /// <summary>Opens the file for reading and writing, and makes it where there is none; a link is refused, wherever it leads.</summary>
    /// <exception cref="InvalidDataException">There is something else than a plain file.</exception>
    public static FileStream OpenOrCreate(string path) => Open(path, Libc.Create);

    /// <summary>The same for a file that must be there.</summary>
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
