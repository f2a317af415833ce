using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using SmmDashboard.Hosting;

namespace SmmDashboard.Packages;

/// <summary>The folder with the packages; null serves no packages.</summary>
public sealed class PackageFolder(string? folder)
{
    private readonly ConcurrentDictionary<string, Digest> _digests = new(StringComparer.Ordinal);
    private readonly string? _root = folder is null ? null : Real(Path.GetFullPath(folder));

    private sealed record Digest(long Length, DateTime WrittenAt, string Sha256);

    /// <summary>Opens a regular file in the folder with a plain name.</summary>
    public bool TryOpen(string name, [NotNullWhen(true)] out FileStream? stream)
    {
        stream = null;
        if (_root is null || !IsPlain(name))
            return false;

        var path = Path.Combine(_root, name);
        try
        {
            var real = Real(path);
            if (!real.StartsWith(_root + Path.DirectorySeparatorChar, StringComparison.Ordinal) || !RegularFile.Exists(real))
                return false;

            stream = new FileStream(
                real, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, 64 * 1024, FileOptions.Asynchronous);
            return true;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    /// <summary>Lists the files in the folder. <see cref="TryOpen"/> decides which of them are served.</summary>
    public IReadOnlyList<string> Names()
    {
        try
        {
            return _root is null ? [] : [.. Directory.EnumerateFiles(_root).Select(path => Path.GetFileName(path))];
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }

    /// <summary>Computes a strong entity tag, the hash of the content.</summary>
    public async Task<string> ETagAsync(FileStream stream, CancellationToken cancellationToken) =>
        $"\"{await Sha256Async(stream, cancellationToken)}\"";

    /// <summary>Computes the hash of the content in hexadecimal digits, once per content.</summary>
    public async Task<string> Sha256Async(FileStream stream, CancellationToken cancellationToken)
    {
        var writtenAt = File.GetLastWriteTimeUtc(stream.SafeFileHandle);
        if (_digests.TryGetValue(stream.Name, out var known) && known.Length == stream.Length && known.WrittenAt == writtenAt)
            return known.Sha256;

        var sha256 = Convert.ToHexStringLower(await SHA256.HashDataAsync(stream, cancellationToken));
        stream.Position = 0;
        _digests[stream.Name] = new Digest(stream.Length, writtenAt, sha256);
        return sha256;
    }

    // No leading dot, and no character with a special meaning in a path or a shell.
    private static bool IsPlain(string name) =>
        name.Length is > 0 and <= 255
        && char.IsAsciiLetterOrDigit(name[0])
        && name.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '_' or '+' or '~' or '-');

    private static string Real(string path) =>
        Path.TrimEndingDirectorySeparator(File.ResolveLinkTarget(path, returnFinalTarget: true)?.FullName ?? path);
}
