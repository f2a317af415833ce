using System.Text;
using System.Text.Json;

namespace SmmAgent.Fuzz.Engine;

/// <summary>
/// Makes new inputs of old ones: by bytes, by words and lines, and by the values of JSON. The same seed makes the same inputs.
/// </summary>
internal sealed class Mutator(Random random, FuzzTarget target)
{
    private static readonly byte[][] Odd =
    [
        .. new[]
        {
            "", " ", "\t", "\n", "\r\n", "\0", "\e[31m", "\u0085", "\u2028", "\u202e", "\u200b", "\ufeff", "é", "😀", "\"", "'", "\\",
            "\\\"", "$(id)", "`", "${x}", "%s", "%0a",
            "0", "-1", "1", "00", "65535", "65536", "2147483648", "-2147483649", "9223372036854775808", "18446744073709551616", "1e999",
            "-0", "0x7f", "1_000", ".5", "NaN",
            "null", "true", "[]", "{}", "[", "]", "{", "}", ",", ":", "=", "/", "..", "../..", "~", "*", "&a", "*a", "!!x", "|", ">", "- ",
            "? ", "#", "---", "...", "@", "-",
            "\\ud800", "\\u0000", "\\u000a", "::1", "::ffff:127.0.0.1", "fe80::1%eth0", "255.255.255.255/33", "10.0.0.1/8", "0.0.0.0/0",
            "9999-12-31T23:59:59Z", "0000-00-00",
        }.Select(Encoding.UTF8.GetBytes),
        [0xff], [0xc3], [0xed, 0xa0, 0x80], [0xf4, 0x90, 0x80, 0x80],
    ];

    private static readonly byte[][] OddJson =
    [
        .. new[]
        {
            "null", "true", "0", "-1", "1e999", "65536", "99999999999999999999", "\"\"", "\"\\ud800\"", "\"\\u0000\"", "\"a\\nb\"",
            "\"\\u202e\"", "[]", "{}", "[[[[]]]]", "[null]",
            "{\"\":null}", "{\"a\":{\"a\":{\"a\":1}}}", "\"@set\"", "\"10.0.0.0/8\"", "\"::1\"",
        }.Select(Encoding.UTF8.GetBytes),
    ];

    private readonly byte[][] _words = [.. target.Words.Select(Encoding.UTF8.GetBytes)];

    public byte[] Next(IReadOnlyList<byte[]> corpus)
    {
        var input = new List<byte>(Pick(corpus));
        for (var changes = 1 << random.Next(4); changes > 0; changes--)
            Change(input, corpus);
        if (input.Count > target.MaximumBytes)
            input.RemoveRange(target.MaximumBytes, input.Count - target.MaximumBytes);
        return [.. input];
    }

    private void Change(List<byte> input, IReadOnlyList<byte[]> corpus)
    {
        switch (random.Next(14))
        {
            case 0 when input.Count > 0:
                input[random.Next(input.Count)] ^= (byte)(1 << random.Next(8));
                break;
            case 1 when input.Count > 0:
                input[random.Next(input.Count)] = (byte)random.Next(256);
                break;
            case 2:
                var (from, length) = Range(input.Count, 16);
                input.RemoveRange(from, length);
                break;
            case 3:
                input.InsertRange(random.Next(input.Count + 1), Pick(Odd));
                break;
            case 4 when _words.Length > 0:
                input.InsertRange(random.Next(input.Count + 1), Pick(_words));
                break;
            case 5 or 6:
                Replace(input, Token(input),
                    random.Next(3) switch { 0 when _words.Length > 0 => Pick(_words), 1 => Piece(Pick(corpus)), _ => Pick(Odd) });
                break;
            case 7:
                Repeat(input);
                break;
            case 8:
                Lines(input);
                break;
            case 9:
                input.InsertRange(random.Next(input.Count + 1), Piece(Pick(corpus)));
                break;
            case 10:
                // The beginning of one and the end of another.
                var other = Pick(corpus);
                input.RemoveRange(random.Next(input.Count + 1) is var cut ? cut : 0, input.Count - cut);
                input.AddRange(other[random.Next(other.Length + 1)..]);
                break;
            default:
                Json(input, corpus);
                break;
        }
    }

    private T Pick<T>(IReadOnlyList<T> list) => list[random.Next(list.Count)];

    private (int From, int Length) Range(int count, int longest)
    {
        var from = random.Next(count + 1);
        return (from, Math.Min(random.Next(longest + 1), count - from));
    }

    private static void Replace(List<byte> input, (int From, int Length) range, byte[] with)
    {
        input.RemoveRange(range.From, range.Length);
        input.InsertRange(range.From, with);
    }

    // A word, a number, a quoted text; or the blank or mark between two.
    private (int From, int Length) Token(List<byte> input)
    {
        var from = random.Next(input.Count + 1);
        var to = from;
        while (from > 0 && IsOfWord(input[from - 1]))
            from--;
        while (to < input.Count && IsOfWord(input[to]))
            to++;
        return (from, Math.Max(to - from, Math.Min(1, input.Count - from)));
    }

    private static bool IsOfWord(byte b) => char.IsAsciiLetterOrDigit((char)b) || b is (byte)'_' or (byte)'-' or (byte)'.' or >= 0x80;

    private byte[] Piece(byte[] of)
    {
        var (from, length) = Range(of.Length, 64);
        return of[from..(from + length)];
    }

    // Mostly twice; sometimes up to the largest size of an input, for parsers that recurse.
    private void Repeat(List<byte> input)
    {
        var (from, length) = Range(input.Count, 24);
        if (length == 0)
            return;
        var piece = input.GetRange(from, length);
        var times = random.Next(24) == 0 ? target.MaximumBytes / length : random.Next(1, 6);
        for (var made = 0; made < times && input.Count < target.MaximumBytes; made++)
            input.InsertRange(from, piece);
    }

    private void Lines(List<byte> input)
    {
        var lines = Encoding.Latin1.GetString([.. input]).Split('\n').ToList();
        var (one, two) = (random.Next(lines.Count), random.Next(lines.Count));
        switch (random.Next(3))
        {
            case 0:
                (lines[one], lines[two]) = (lines[two], lines[one]);
                break;
            case 1:
                lines.Insert(two, lines[one]);
                break;
            default:
                lines.RemoveAt(one);
                break;
        }

        input.Clear();
        input.AddRange(Encoding.Latin1.GetBytes(string.Join('\n', lines)));
    }

    // Replaces a value, or a member with its name, by another one of this or another input. Input that is not JSON is unchanged.
    private void Json(List<byte> input, IReadOnlyList<byte[]> corpus)
    {
        var bytes = input.ToArray();
        if (Values(bytes) is not { Count: > 0 } values)
            return;
        var (from, to) = Pick(values);
        var other = random.Next(4) == 0 ? Pick(corpus) : bytes;
        var with = random.Next(2) == 0 || Values(other) is not { Count: > 0 } others
            ? Pick(OddJson) : Pick(others) is var (start, end) ? other[start..end] : [];
        switch (random.Next(4))
        {
            case 0:
                // Twice the same member, or a list's item twice.
                input.InsertRange(to, [.. ","u8.ToArray(), .. bytes[from..to]]);
                break;
            case 1:
                var deep = random.Next(16) == 0 ? Math.Min(target.MaximumBytes / 4, 4000) : random.Next(1, 40);
                Replace(input, (from, to - from),
                    [.. Enumerable.Repeat((byte)'[', deep), .. bytes[from..to], .. Enumerable.Repeat((byte)']', deep)]);
                break;
            default:
                Replace(input, (from, to - from), with);
                break;
        }
    }

    // The position of every value.
    private static List<(int From, int To)> Values(byte[] json)
    {
        List<(int From, int To)> values = [];
        Stack<int> open = [];
        var reader = new Utf8JsonReader(json, new JsonReaderOptions { MaxDepth = 1000 });
        try
        {
            while (reader.Read())
            {
                switch (reader.TokenType)
                {
                    case JsonTokenType.StartArray or JsonTokenType.StartObject:
                        open.Push((int)reader.TokenStartIndex);
                        break;
                    case JsonTokenType.EndArray or JsonTokenType.EndObject:
                        values.Add((open.Pop(), (int)reader.BytesConsumed));
                        break;
                    case var _:
                        values.Add(((int)reader.TokenStartIndex, (int)reader.BytesConsumed));
                        break;
                }
            }
        }
        catch (JsonException)
        {
            // The part before the error is well-formed.
        }

        return values;
    }
}
