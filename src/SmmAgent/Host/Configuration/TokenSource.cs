using System.Text;
using Microsoft.Win32.SafeHandles;
using SmmAgent.Linux.Dashboard.Tokens;
using SmmAgent.Linux.Files;

namespace SmmAgent.Host.Configuration;

/// <summary>The source of a token. Its text form does not contain the token.</summary>
/// <param name="Name">The source as the operator named it.</param>
/// <param name="Read">The bytes, at most <see cref="BearerTokenFile.MaximumBytes"/>.</param>
internal sealed record TokenSource(string Name, Func<byte[]> Read)
{
    private const string Input = "standard input";

    /// <summary>The prompt before the token is typed without echo; null if the source is not a terminal.</summary>
    public string? Prompt { get; private init; }

    /// <summary>Whether it is an argument of the command, where the name of a file is a likely mistake.</summary>
    public bool IsArgument { get; private init; }

    /// <summary>What follows the reason of a refusal.</summary>
    public string Advice { get; init; } = "for example: sudo smm-agent set bearer-token --stdin < token";

    /// <summary>A risk of this source.</summary>
    public string? Warning { get; private init; }

    public static TokenSource CommandLine(string token) => new("TOKEN", () => Encoding.UTF8.GetBytes(token))
    {
        Warning = "a token on the command line is visible in the process list and in the shell's history; "
            + "use instead: sudo smm-agent set bearer-token --stdin",
        IsArgument = true,
    };

    public static TokenSource File(string path) => new(path, () => UserFile.Read(path, BearerTokenFile.MaximumBytes));

    /// <summary>Reads the terminal directly: the stream of .NET would echo the input even with echo disabled.</summary>
    public static Stream OpenTerminal() => new FileStream(new SafeFileHandle(0, ownsHandle: false), FileAccess.Read, bufferSize: 0);

    public static TokenSource Stdin(Func<Stream> open, bool isTerminal) => isTerminal
        ? new(Input, () => ReadLine(open)) { Prompt = "paste the token, then press Enter; it is not shown" }
        : new(Input, () => ReadToEnd(open, Input));

    // A terminal returns whole lines.
    private static byte[] ReadLine(Func<Stream> open)
    {
        using var stream = open();
        var buffer = new byte[BearerTokenFile.MaximumBytes + 1];
        var length = 0;
        while (length < buffer.Length && stream.Read(buffer, length, buffer.Length - length) is > 0 and var read)
        {
            length += read;
            if (buffer[length - 1] == '\n')
                break;
        }

        return buffer[..length];
    }

    private static byte[] ReadToEnd(Func<Stream> open, string name)
    {
        using var stream = open();
        return UserFile.ReadToEnd(stream, name, BearerTokenFile.MaximumBytes);
    }
}
