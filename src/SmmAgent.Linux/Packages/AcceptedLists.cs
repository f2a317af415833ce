using System.Globalization;
using System.Text;
using SmmAgent.Contract.Signing;
using SmmAgent.Linux.Files;

namespace SmmAgent.Linux.Packages;

/// <summary>
/// When the newest package list of each key was issued that this host has accepted: a dashboard cannot go back to an older one.
/// </summary>
/// <remarks>
/// By key, so that a list of a key that got into other hands, with a time in the future, does not keep its successor's out.
/// </remarks>
/// <param name="path">Root's file: a line for each key, its id and seconds since 1970.</param>
public sealed class AcceptedLists(string path)
{
    private const int MaximumBytes = 4096;

    /// <returns>Null when none was accepted.</returns>
    /// <exception cref="IOException">The file cannot be read.</exception>
    /// <exception cref="InvalidDataException">It is not what <see cref="Accept"/> wrote.</exception>
    public DateTimeOffset? Newest(PackageKey key) =>
        Read().TryGetValue(key.Id, out var seconds) ? DateTimeOffset.FromUnixTimeSeconds(seconds) : null;

    /// <summary>Writes down that a list was accepted.</summary>
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
