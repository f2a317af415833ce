using System.Text;
using SmmAgent.Contract;
using SmmAgent.Linux.Files;

namespace SmmAgent.Linux.Identity;

/// <summary>
/// A random id of this boot, in a folder that is emptied at boot. The dashboard uses it to detect two hosts with the same identity.
/// </summary>
public static class BootInstance
{
    private const int RandomBytes = 16;
    private const int MaximumBytes = 4096;

    /// <summary>Reads the id, or creates it. The id is kept, because a restart of the daemon must not appear as another host.</summary>
    /// <param name="fill">Fills a buffer with random bytes.</param>
    /// <returns>Null when the id cannot be stored: a new id at each start would appear as two hosts.</returns>
    public static string? LoadOrCreate(string path, Action<Span<byte>> fill)
    {
        try
        {
            if (Load(path) is { } known)
                return known;

            File.Delete(path);
            Span<byte> made = stackalloc byte[RandomBytes];
            fill(made);
            CreateOnce.Write(path, Encoding.ASCII.GetBytes(Convert.ToHexStringLower(made)), AtomicFile.Private);
            return Load(path);
        }
        catch (Exception exception) when (FileErrors.IsExpected(exception))
        {
            return null;
        }
    }

    /// <summary>Reads the id; null when there is none, or it cannot be read.</summary>
    public static string? TryLoad(string path)
    {
        try
        {
            return Load(path);
        }
        catch (Exception exception) when (FileErrors.IsExpected(exception) || exception is InvalidDataException)
        {
            return null;
        }
    }

    private static string? Load(string path) =>
        AtomicFile.ReadLimited(path, MaximumBytes, isAgents: true) is { } content && Encoding.ASCII.GetString(content) is var id
        && NameRules.Instance(id) is null ? id : null;
}
