using System.Text;
using SmmAgent.Contract;

namespace SmmAgent.Linux.Files;

/// <summary>A name in a folder, which may be any bytes.</summary>
/// <param name="Bytes">With the zero at their end.</param>
internal readonly record struct FileName(byte[] Bytes)
{
    public static implicit operator FileName(string name) => new(Encoding.UTF8.GetBytes(name + '\0'));

    /// <summary>The name for people: others may have given it.</summary>
    public override string ToString() => OneLine.From(Encoding.UTF8.GetString(Bytes.AsSpan(..^1)));
}
