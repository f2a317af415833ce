using Microsoft.Extensions.Logging;
using SmmAgent.Core.Status;
using SmmAgent.Host.Status;
using SmmAgent.Linux.Files;

namespace SmmAgent.Daemon.Status;

/// <summary>status.json: written when its content changed, and otherwise once a minute as a sign of life.</summary>
public sealed class StatusFile(string path, ILogger logger)
{
    private byte[] _content = [];
    private DateTimeOffset _writtenAt;
    private bool _fails;

    /// <summary>When it must be written again although nothing changed.</summary>
    public TimeSpan DueIn(DateTimeOffset now) =>
        _writtenAt + StatusReader.MaximumAge - now is var due && due > TimeSpan.Zero && due < StatusReader.MaximumAge
            ? due
            : StatusReader.MaximumAge;

    public void Write(AgentStatus status)
    {
        var age = status.UpdatedAt - _writtenAt;
        var isFresh = age >= TimeSpan.Zero && age < StatusReader.MaximumAge;
        if (isFresh && StatusJson.Write(status with { UpdatedAt = _writtenAt }).AsSpan().SequenceEqual(_content))
            return;

        try
        {
            var content = StatusJson.Write(status);
            CreateDirectory(Path.GetDirectoryName(path)!);
            AtomicFile.Write(path, content, AtomicFile.Public, durable: false); // a tmpfs
            (_content, _writtenAt) = (content, status.UpdatedAt);
            if (_fails)
                StatusFileLog.FileWritable(logger, path);
            _fails = false;
        }
        catch (Exception exception) when (FileErrors.IsExpected(exception))
        {
            if (!_fails)
                StatusFileLog.FileNotWritable(logger, path, FileErrors.Reason(exception));
            _fails = true;
        }
    }

    /// <summary>Removes it, so that the last status of a stopped agent is not taken for a current one.</summary>
    public void Remove()
    {
        try
        {
            File.Delete(path);
        }
        catch (Exception exception) when (FileErrors.IsExpected(exception))
        {
            // The content contains its own time.
        }
    }

    // systemd-tmpfiles creates it on an installed host. The umask of the unit must not affect its mode.
    private static void CreateDirectory(string directory)
    {
        if (Directory.Exists(directory))
            return;

        Directory.CreateDirectory(directory);
        File.SetUnixFileMode(
            directory,
            AtomicFile.Public | UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute);
    }
}
