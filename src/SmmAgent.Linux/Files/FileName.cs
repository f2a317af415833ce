using System.Text;
using SmmAgent.Contract;

namespace SmmAgent.Linux.Files;

/// <summary>A name in a folder. Linux allows any bytes except the slash and the zero byte.</summary>
/// <param name="Bytes">The name, with a terminating zero byte.</param>
internal readonly record struct FileName(byte[] Bytes)
{
    public static implicit operator FileName(string name) => new(Encoding.UTF8.GetBytes(name + '\0'));

    /// <summary>The name for messages, on one line without control characters: another user may have chosen it.</summary>
    public override string ToString() => OneLine.From(Encoding.UTF8.GetString(Bytes.AsSpan(..^1)));
}
