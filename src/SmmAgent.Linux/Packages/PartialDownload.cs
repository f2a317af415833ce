using System.Net.Http.Headers;
using System.Text;
using SmmAgent.Contract;
using SmmAgent.Linux.Files;
using SmmAgent.Linux.Interop;

namespace SmmAgent.Linux.Packages;

/// <summary>A partial download of a package, with the ETag of the file that it is a part of.</summary>
internal sealed class PartialDownload : IDisposable
{
    // Error numbers: ENOSPC and EDQUOT.

    private const int MaximumETagBytes = 1024;

    private readonly string _path;
    private readonly string _etagPath;

    public PartialDownload(PackageCache cache, Package package)
    {
        (_path, _etagPath) = (cache.PartOf(package), cache.ETagOf(package));
        File = PrivateFile.OpenOrCreate(_path);
        ETag = ReadETag();
    }

    public FileStream File { get; }

    public long Length => File.Length;

    /// <summary>The strong ETag of the whole file; null when the download cannot be continued.</summary>
    public EntityTagHeaderValue? ETag { get; private set; }

    /// <summary>Starts again, with a file that has this ETag.</summary>
    public void Restart(EntityTagHeaderValue? etag = null)
    {
        // The order matters: the bytes of one file must never be paired with the ETag of another.
        System.IO.File.Delete(_etagPath);
        File.SetLength(0);
        ETag = etag is { IsWeak: false } && etag.Tag.Length < MaximumETagBytes ? etag : null;
        if (ETag is not null)
            AtomicFile.Write(_etagPath, ETag.Tag, AtomicFile.Private, durable: false);
    }

    /// <summary>Writes at the position.</summary>
    /// <exception cref="InvalidDataException">The disk failed. The network is not the cause.</exception>
    public void Add(ReadOnlySpan<byte> bytes)
    {
        try
        {
            File.Write(bytes);
        }
        catch (IOException exception) when (exception.HResult is not (Errno.ENOSPC or Errno.EDQUOT))
        {
            throw new InvalidDataException($"{_path}: {exception.Message}", exception);
        }
    }

    /// <summary>Removes the partial download.</summary>
    public void Remove()
    {
        System.IO.File.Delete(_etagPath);
        System.IO.File.Delete(_path);
    }

    /// <summary>Gives the finished file its name.</summary>
    public void Commit(string path)
    {
        File.Flush(flushToDisk: true);
        System.IO.File.Move(_path, path, overwrite: true);
        System.IO.File.Delete(_etagPath);
    }

    public void Dispose() => File.Dispose();

    private EntityTagHeaderValue? ReadETag()
    {
        try
        {
            return AtomicFile.ReadLimited(_etagPath, MaximumETagBytes, isAgents: true) is { } bytes
                && EntityTagHeaderValue.TryParse(Encoding.UTF8.GetString(bytes), out var etag) && !etag.IsWeak ? etag : null;
        }
        catch (Exception exception) when (exception is IOException or InvalidDataException)
        {
            return null;
        }
    }
}
