using System.Text;
using SmmAgent.Contract;
using SmmAgent.Linux.Files;

namespace SmmAgent.Linux.Identity;

/// <summary>A random id of this boot, in a folder that a boot empties. The dashboard tells two hosts with one identity by it.</summary>
public static class BootInstance
{
    private const int RandomBytes = 16;
    private const int MaximumBytes = 4096;

    /// <summary>Reads the id, or makes it: a restart of the daemon is to be no other host.</summary>
    /// <param name="fill">Fills a buffer with random bytes.</param>
    /// <returns>Null where it cannot be kept: an id of each start would look like two hosts.</returns>
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

    private static string? Load(string path) =>
        AtomicFile.ReadLimited(path, MaximumBytes, isAgents: true) is { } content && Encoding.ASCII.GetString(content) is var id
        && NameRules.Instance(id) is null ? id : null;
}
