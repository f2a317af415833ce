using SmmAgent.Linux.Files;

namespace SmmAgent.Linux.Commands;

/// <summary>Finds programs in absolute folders only.</summary>
/// <remarks>
/// .NET searches the folder of the executable and the current folder before PATH: the owner of the current folder of root would get the
/// rights of root.
/// </remarks>
public static class ProgramSearch
{
    private const UnixFileMode Executable = UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;

    // An ordinary user's PATH lacks some of them.
    private static readonly string[] System = ["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"];

    /// <summary>
    /// The path of the program; null when it is neither in an absolute folder of <paramref name="path"/> nor of the system.
    /// </summary>
    public static string? Find(string program, string? path) =>
        Path.IsPathRooted(program)
            ? program
            : (path ?? "").Split(':').Where(folder => folder.StartsWith('/')).Concat(System)
                .Select(folder => Path.Combine(folder, program))
                .FirstOrDefault(IsProgram);

    /// <summary>
    /// Whether the file, or the target of a link, exists and is executable. File.Exists is also true for a dangling link.
    /// </summary>
    internal static bool IsProgram(string file)
    {
        try
        {
            return File.Exists(file) && (File.GetUnixFileMode(file) & Executable) != 0;
        }
        catch (Exception exception) when (FileErrors.IsExpected(exception))
        {
            return false;
        }
    }
}
