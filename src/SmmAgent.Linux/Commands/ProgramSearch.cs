using SmmAgent.Linux.Files;

namespace SmmAgent.Linux.Commands;

/// <summary>Finds programs in absolute folders only.</summary>
/// <remarks>
/// .NET looks beside the executable and in the current folder before it looks in PATH: whoever has a folder that root stands in would be root.
/// </remarks>
public static class ProgramSearch
{
    private const UnixFileMode Executable = UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;

    // An ordinary user's PATH lacks some of them.
    private static readonly string[] System = ["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"];

    /// <summary>The program's path; null when it is in no absolute folder of <paramref name="path"/> nor in one of the system's.</summary>
    public static string? Find(string program, string? path) =>
        Path.IsPathRooted(program)
            ? program
            : (path ?? "").Split(':').Where(folder => folder.StartsWith('/')).Concat(System)
                .Select(folder => Path.Combine(folder, program))
                .FirstOrDefault(IsProgram);

    /// <summary>Whether the file, or the one that a link leads to, is there and may be executed. To File.Exists a link that leads nowhere is there, too.</summary>
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
