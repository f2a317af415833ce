using System.Text;
using SmmAgent.Linux.Commands;
using SmmAgent.Linux.Files;
using SmmAgent.Linux.State;

namespace SmmAgent.Bundle;

/// <summary>What became of a part: its text, or why there is none.</summary>
internal sealed record PartContent(string? Text, string? Missing = null);

/// <summary>One file of a support bundle, and how it is had. What a part throws is the reason why it is missing.</summary>
/// <param name="Name">Its path in the bundle.</param>
/// <param name="KeepEnd">Whether the end is kept when it is too large, as for a log, instead of the beginning.</param>
internal sealed record BundlePart(string Name, Func<CancellationToken, Task<PartContent>> CollectAsync, bool KeepEnd = false)
{
    /// <summary>The most that is read of a file, and kept of a part.</summary>
    public const int MaximumBytes = 4 * 1024 * 1024;

    /// <param name="isAgents">Whether it is one of the agent's own, which is never a link.</param>
    public static BundlePart File(string name, string path, bool isAgents = false) => Text(name, () =>
        AtomicFile.ReadLimited(path, MaximumBytes, isAgents) is { } bytes
            ? new(Encoding.UTF8.GetString(bytes))
            : new(null, $"there is no {path}"));

    /// <summary>A file in a folder that others may have made another of: no link there leads elsewhere.</summary>
    /// <param name="path">As the sidecar sees it, below <paramref name="root"/>.</param>
    public static BundlePart Guarded(string name, string root, string path) => Text(name, () =>
        new SafeFileSystem(root).Read(path, MaximumBytes, Encoding.UTF8).Content is { } text
            ? new(text)
            : new(null, $"there is no {path}"));

    public static BundlePart Text(string name, Func<PartContent> read) => new(name, _ => Task.FromResult(read()));

    /// <summary>What a command prints, also when it fails.</summary>
    public static BundlePart Command(string name, CommandRunner runner, params IReadOnlyList<string> command) => new(name, async cancel =>
    {
        var result = await runner.RunAsync(command, cancel, timeout: TimeSpan.FromSeconds(15));
        if (!result.Succeeded && result.Output.Length == 0)
            return new(null, result.Describe());
        if (name.EndsWith(".json", StringComparison.Ordinal))
            return new(result.Output);

        return new($"$ {string.Join(' ', command)}\n{result.Output}{(result.Succeeded ? "" : $"\n{result.Describe()}\n")}");
    });

    /// <summary>A mesh configuration as the dashboard sent it: in its file it is base64, in which no secret would be recognised.</summary>
    public static BundlePart MeshConfig(string name, string path) => Text(name, () =>
    {
        var (good, fault) = new LastGoodMeshConfig(path).Load();
        return good is null
            ? new(null, fault ?? $"there is no {path}")
            : new($"# {good.From.Group} from {good.From.Url}, received {good.ReceivedAt:u}, ETag {good.ETag}\n"
                + $"{Encoding.UTF8.GetString(good.Body)}\n");
    });
}
