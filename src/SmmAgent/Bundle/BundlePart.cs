using System.Text;
using SmmAgent.Contract;
using SmmAgent.Linux.Commands;
using SmmAgent.Linux.Files;
using SmmAgent.Linux.State;

namespace SmmAgent.Bundle;

/// <summary>The content of a part, or the reason that it is missing.</summary>
internal sealed record PartContent(string? Text, string? Missing = null);

/// <summary>
/// One file of a support bundle and the function that collects it. The message of an exception is the reason that the part is missing.
/// </summary>
/// <param name="Name">Its path in the bundle.</param>
/// <param name="KeepEnd">Whether the end is kept when it is too large, as for a log, instead of the beginning.</param>
internal sealed record BundlePart(string Name, Func<CancellationToken, Task<PartContent>> CollectAsync, bool KeepEnd = false)
{
    /// <summary>The maximum that is read of a file and kept of a part.</summary>
    public const int MaximumBytes = 4 * 1024 * 1024;

    /// <param name="isAgents">Whether the agent owns the file; such a file is never a link.</param>
    public static BundlePart File(string name, string path, bool isAgents = false) => Text(name, () =>
        AtomicFile.ReadLimited(path, MaximumBytes, isAgents) is { } bytes
            ? new(Encoding.UTF8.GetString(bytes))
            : new(null, $"there is no {path}"));

    /// <summary>A file in a folder that other users may have replaced; links out of the root are not followed.</summary>
    /// <param name="path">As the sidecar sees it, below <paramref name="root"/>.</param>
    public static BundlePart Guarded(string name, string root, string path) => Text(name, () =>
        new SafeFileSystem(root).Read(path, MaximumBytes, Encoding.UTF8).Content is { } text
            ? new(text)
            : new(null, $"there is no {path}"));

    public static BundlePart Text(string name, Func<PartContent> read) => new(name, _ => Task.FromResult(read()));

    /// <summary>The output of a command, also of one that fails.</summary>
    public static BundlePart Command(string name, CommandRunner runner, params IReadOnlyList<string> command) => new(name, async cancel =>
    {
        var result = await runner.RunAsync(command, cancel, timeout: TimeSpan.FromSeconds(15));
        if (!result.Succeeded && result.Output.Length == 0)
            return new(null, result.Describe());
        if (name.EndsWith(".json", StringComparison.Ordinal))
            return new(result.Output);

        return new($"$ {string.Join(' ', command)}\n{result.Output}{(result.Succeeded ? "" : $"\n{result.Describe()}\n")}");
    });

    /// <summary>The mesh configuration as received: its file contains base64, in which a secret would not be recognised.</summary>
    public static BundlePart MeshConfig(string name, string path) => Text(name, () =>
    {
        var (good, fault) = new LastGoodMeshConfig(path).Load();
        return good is null
            ? new(null, fault ?? $"there is no {path}")
            : new($"# {good.From.Group} from {good.From.Url}, received {TimeText.Format(good.ReceivedAt)}, ETag {good.ETag}\n"
                + $"{Encoding.UTF8.GetString(good.Body)}\n");
    });
}
