using SmmAgent.Contract;
using SmmAgent.Core.Settings;
using SmmAgent.Linux.Files;

namespace SmmAgent.Linux.State;

/// <summary>agent.yaml as it was loaded. Every part of the agent loads the settings here.</summary>
/// <param name="Content">The bytes of the file; null when there is no file, or it cannot be read.</param>
/// <param name="Reading">The settings in the file. Those of an empty file when there is none; an error when it cannot be read.</param>
public sealed record SettingsFile(byte[]? Content, SettingsReading Reading)
{
    /// <summary>Whether there is a file.</summary>
    public bool Exists => Content is not null || Failure is not null;

    /// <summary>Why the file cannot be read; null when it can, or does not exist.</summary>
    public string? Failure { get; private init; }

    /// <summary>Whether it cannot be read because this user lacks the right.</summary>
    public bool IsForbidden { get; private init; }

    /// <summary>Loads the file.</summary>
    /// <exception cref="IOException">The file cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">This user may not read the file.</exception>
    /// <exception cref="InvalidDataException">The file is too large, or not a regular file.</exception>
    public static SettingsFile Load(string path)
    {
        var content = AtomicFile.ReadLimited(path, SettingsReader.MaximumBytes);
        return new(content, SettingsReader.Read(content));
    }

    /// <summary>Loads the file; a file that cannot be read is a <see cref="Failure"/>.</summary>
    public static SettingsFile TryLoad(string path)
    {
        try
        {
            return Load(path);
        }
        catch (UnauthorizedAccessException exception)
        {
            return Failed($"cannot be read: {FileErrors.Reason(exception)}") with { IsForbidden = true };
        }
        catch (Exception exception) when (FileErrors.IsExpected(exception))
        {
            return Failed(FileErrors.Reason(exception, path));
        }
    }

    private static SettingsFile Failed(string failure) =>
        new(null, new SettingsReading(null, [new InputError("", failure)], [])) { Failure = failure };
}
