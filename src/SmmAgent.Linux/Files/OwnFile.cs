using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace SmmAgent.Linux.Files;

/// <summary>Opens a file of the agent's own that it writes piece by piece.</summary>
internal static partial class OwnFile
{
    private const int ReadWrite = 2;
    private const int Create = 0x40;
    private const int NonBlocking = 0x800;
    private const int CloseOnExec = 0x80000;
    private const int TooManyLinks = 40;
    private const int Mode = 0b110_000_000;

    /// <summary>Opens the file for reading and writing, and makes it where there is none; a link is refused, wherever it leads.</summary>
    /// <exception cref="InvalidDataException">There is something else than a plain file.</exception>
    public static FileStream OpenOrCreate(string path) => Open(path, Create);

    /// <summary>The same for a file that must be there.</summary>
    public static FileStream OpenExisting(string path) => Open(path, 0);

    private static FileStream Open(string path, int create)
    {
        var file = Open(path, ReadWrite | create | NonBlocking | CloseOnExec | AtomicFile.NoFollow, Mode);
        if (file.IsInvalid)
        {
            var error = Marshal.GetLastPInvokeError();
            file.Dispose();
            throw error == TooManyLinks
                ? new InvalidDataException($"{path} is a link, which smm-agent never makes")
                : new IOException($"{path}: {Marshal.GetPInvokeErrorMessage(error)}", error);
        }

        var stream = new FileStream(file, FileAccess.ReadWrite, bufferSize: 0);
        if (stream.CanSeek)
            return stream;

        stream.Dispose();
        throw new InvalidDataException($"{path} is not a plain file");
    }

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial SafeFileHandle Open(string path, int flags, int mode);
}
