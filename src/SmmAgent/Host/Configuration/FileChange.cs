using SmmAgent.Linux.Files;
using SmmAgent.Linux.Interop;

namespace SmmAgent.Host.Configuration;

/// <summary>Changes a file and prints a failure in one line.</summary>
/// <param name="isPrivileged">Whether this process is root.</param>
internal sealed class FileChange(Progress progress, bool isPrivileged)
{
    /// <returns>The exit code of <paramref name="work"/>, or that of its exception.</returns>
    public int Run(string path, Func<int> work)
    {
        try
        {
            return work();
        }
        catch (UnauthorizedAccessException)
        {
            progress.Failed(isPrivileged
                ? $"{path} cannot be changed: the host refuses it even to root (lsattr, mount, or the container's rights)"
                : $"{path} may be changed by root only: run the command with sudo");
            return ExitCode.NotPermitted;
        }
        catch (IOException exception) when (exception.HResult == Errno.EROFS)
        {
            progress.Failed($"{path} cannot be changed: its file system is mounted read-only");
            return ExitCode.NotPermitted;
        }
        catch (Exception exception) when (exception is IOException or InvalidDataException)
        {
            progress.Failed($"{path} cannot be changed: {FileErrors.Reason(exception, path)}");
            return ExitCode.Failed;
        }
    }
}
