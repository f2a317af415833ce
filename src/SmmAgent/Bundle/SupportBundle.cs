using System.IO.Compression;
using System.Text;
using SmmAgent.Contract;
using SmmAgent.Core.Redaction;
using SmmAgent.Linux.Files;

namespace SmmAgent.Bundle;

/// <summary>Collects parts into a tar.gz: each redacted, then bounded; its index lists the missing parts and the reasons.</summary>
internal sealed class SupportBundle(Redactor redactor, TimeProvider time)
{
    /// <summary>How long all parts may take together.</summary>
    public static readonly TimeSpan Deadline = TimeSpan.FromSeconds(90);

    private readonly StringBuilder _index = new();

    public int Collected { get; private set; }

    public int Missing { get; private set; }

    /// <param name="folder">The top folder of the archive.</param>
    public async Task WriteAsync(Stream output, string folder, IReadOnlyList<BundlePart> parts, CancellationToken cancel)
    {
        using var deadline = new CancellationTokenSource(Deadline, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancel, deadline.Token);
        await using var zip = new GZipStream(output, CompressionLevel.Optimal, leaveOpen: true);
        var tar = new TarWriter(zip, folder, time.GetUtcNow());
        foreach (var part in parts)
        {
            // The author of a drop-in chooses its name.
            var content = Encoding.UTF8.GetByteCount(part.Name) > TarWriter.LongestName
                ? new(null, $"the name is longer than {TarWriter.LongestName} bytes")
                : await CollectAsync(part, either.Token);
            cancel.ThrowIfCancellationRequested();
            if (content.Text is { } text)
                await tar.AddAsync(part.Name, Bounded(part, redactor.Redact(text)), cancel);
            else
                Skip(part.Name, content.Missing!);
        }

        var index = $"made {TimeText.Format(time.GetUtcNow())}; secrets are replaced by {Redactor.Replacement}\n{_index}";
        await tar.AddAsync("INDEX.txt", Encoding.UTF8.GetBytes(index), cancel);
        await tar.EndAsync(cancel);
    }

    /// <summary>Lists a part that is left out.</summary>
    public void Skip(string name, string reason)
    {
        Missing++;
        _index.Append($"missing    {name}: {redactor.Redact(reason)}\n");
    }

    private static async Task<PartContent> CollectAsync(BundlePart part, CancellationToken cancel)
    {
        try
        {
            cancel.ThrowIfCancellationRequested();
            return await part.CollectAsync(cancel);
        }
        catch (OperationCanceledException)
        {
            return new(null, $"collecting all parts took longer than {Deadline.TotalSeconds:0} s");
        }
        catch (Exception exception) when (FileErrors.IsExpected(exception))
        {
            return new(null, FileErrors.Describe(exception));
        }
    }

    private byte[] Bounded(BundlePart part, string text)
    {
        Collected++;
        var bytes = Encoding.UTF8.GetBytes(text);
        var isCut = bytes.Length > BundlePart.MaximumBytes;
        _index.Append(
            $"{(isCut ? "cut" : "collected"),-10} {part.Name}: {bytes.Length} "
                + $"bytes{(isCut ? $", {(part.KeepEnd ? "the last" : "the first")} {BundlePart.MaximumBytes} are here" : "")}\n");
        return !isCut ? bytes : part.KeepEnd ? bytes[^BundlePart.MaximumBytes..] : bytes[..BundlePart.MaximumBytes];
    }
}
