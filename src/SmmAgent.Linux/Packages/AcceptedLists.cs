using System.Globalization;
using System.Text;
using SmmAgent.Contract.Signing;
using SmmAgent.Linux.Files;

namespace SmmAgent.Linux.Packages;

/// <summary>
/// The issue time of the newest package list that this host has accepted, for each key. A dashboard cannot go back to an older list.
/// </summary>
/// <remarks>
/// The times are kept for each key, so that a list that was signed with a stolen key, and has a time in the future, does not block the
/// lists of the next key.
/// </remarks>
/// <param name="path">The file, which root owns. Each line has the id of a key and a time in seconds since 1970.</param>
public sealed class AcceptedLists(string path)
{
    private const int MaximumBytes = 4096;

    /// <returns>Null when no list of this key was accepted.</returns>
    /// <exception cref="IOException">The file cannot be read.</exception>
    /// <exception cref="InvalidDataException">The file does not have the format that <see cref="Accept"/> writes.</exception>
    public DateTimeOffset? Newest(PackageKey key) =>
        Read().TryGetValue(key.Id, out var seconds) ? DateTimeOffset.FromUnixTimeSeconds(seconds) : null;

    /// <summary>Records that a list was accepted.</summary>
    public void Accept(PackageKey key, DateTimeOffset issued)
    {
        var all = Read();
        if (all.TryGetValue(key.Id, out var newest) && newest >= issued.ToUnixTimeSeconds())
            return;

        all[key.Id] = issued.ToUnixTimeSeconds();
        var lines = all.OrderBy(one => one.Key,
            StringComparer.Ordinal).Select(one => string.Create(CultureInfo.InvariantCulture, $"{one.Key} {one.Value}\n"));
        Directory.CreateDirectory(Path.GetDirectoryName(path)!, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        AtomicFile.Write(path, string.Concat(lines), AtomicFile.Private);
    }

    private Dictionary<string, long> Read()
    {
        var all = new Dictionary<string, long>(StringComparer.Ordinal);
        var text = Encoding.UTF8.GetString(AtomicFile.ReadLimited(path, MaximumBytes, isAgents: true) ?? []);
        foreach (var line in text.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            if (line.Split(' ') is not [var id, var seconds]
                || !long.TryParse(seconds, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var at)
                || at < DateTimeOffset.MinValue.ToUnixTimeSeconds()
                || at > DateTimeOffset.MaxValue.ToUnixTimeSeconds())
            {
                throw new InvalidDataException($"{path} is damaged: remove it, and an older package list may be accepted once");
            }

            all[id] = at;
        }

        return all;
    }
}
