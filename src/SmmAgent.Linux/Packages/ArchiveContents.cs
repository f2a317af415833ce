using SmmAgent.Contract;

namespace SmmAgent.Linux.Packages;

/// <summary>The members that a package may have: files, folders and links in the folders for programs and their data.</summary>
internal static class ArchiveContents
{
    // PATH_MAX. A longer path cannot exist, and the check of each folder of a path takes time.
    private const int LongestPath = 4096;

    private static readonly string[] AllowedRoots = ["etc", "lib", "lib64", "opt", "usr", "var"];

    /// <returns>Why the archive is refused; null when it is accepted.</returns>
    public static string? Validate(IReadOnlyList<ArchiveMember> members)
    {
        var links = members.Where(member => member.Type == 'l').Select(member => Plain(member.Path)).ToHashSet(StringComparer.Ordinal);
        return members.Select(member => Validate(member, links)).FirstOrDefault(fault => fault is not null);
    }

    private static string? Validate(ArchiveMember member, HashSet<string> links)
    {
        var shown = $"its member '{OneLine.From(member.Path)}'";
        if (member.Type is not ('-' or 'd' or 'l' or 'h'))
            return $"{shown} is neither a file nor a folder nor a link";

        var path = Plain(member.Path);
        if (path.Length > LongestPath)
            return $"{shown} is longer than {LongestPath} characters";
        var parts = path.Split('/');
        if (path.Length == 0)
            return member.Type == 'd' ? null : $"{shown} has no name";
        // tar prints special characters with a backslash.
        if (parts.Any(part => part is "" or "." or "..") || path.Any(c => char.IsControl(c) || c == '\\'))
            return $"{shown} is not a plain path";
        if (!AllowedRoots.Contains(parts[0]))
            return $"{shown} is outside the folders that packages may use: /{string.Join(", /", AllowedRoots)}";

        for (var end = path.IndexOf('/', StringComparison.Ordinal); end > 0; end = path.IndexOf('/', end + 1))
        {
            if (links.Contains(path[..end]))
                return $"{shown} is below the archive's own link '{OneLine.From(path[..end])}'";
        }

        return null;
    }

    // deb: ./usr/bin/, rpm: /usr/bin
    private static string Plain(string path)
    {
        var plain = path.StartsWith("./", StringComparison.Ordinal) ? path[2..] : path.StartsWith('/') ? path[1..] : path;
        return plain.EndsWith('/') ? plain[..^1] : plain;
    }
}
