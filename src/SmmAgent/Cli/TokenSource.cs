using System.Text;
using SmmAgent.Linux.Dashboard;

namespace SmmAgent.Cli;

/// <summary>Where a token comes from. It prints itself without the token.</summary>
/// <param name="Name">The source as the operator named it.</param>
/// <param name="Read">The bytes; null when there is no such file. They are at most <see cref="BearerTokenFile.MaximumBytes"/>.</param>
internal sealed record TokenSource(string Name, Func<byte[]?> Read)
{
    /// <summary>What to tell before it is read.</summary>
    public string? Prompt { get; private init; }

    /// <summary>What is wrong with giving a token like this.</summary>
    public string? Warning { get; private init; }

    public static TokenSource CommandLine(string token) => new("TOKEN", () => Encoding.UTF8.GetBytes(token))
    {
        Warning = "a token on the command line is seen in the process list and stays in the shell's history; "
            + "better: sudo smm-agent set bearer-token --stdin",
    };

    // What the operator names may also be a pipe: <(command).
    public static TokenSource File(string path) => new(
        path, () => Path.Exists(path) ? ReadToEnd(() => System.IO.File.OpenRead(path), path) : null);

    public static TokenSource Stdin(Func<Stream> open, bool isTerminal) => new("standard input", () => ReadToEnd(open, "standard input"))
    {
        Prompt = isTerminal ? "paste the token, press Enter, then Ctrl+D" : null,
    };

    private static byte[] ReadToEnd(Func<Stream> open, string name)
    {
        using var stream = open();
        var buffer = new byte[BearerTokenFile.MaximumBytes + 1];
        var length = stream.ReadAtLeast(buffer, buffer.Length, throwOnEndOfStream: false);
        return length <= BearerTokenFile.MaximumBytes
            ? buffer[..length]
            : throw new InvalidDataException($"{name} is larger than {BearerTokenFile.MaximumBytes} bytes");
    }
}
