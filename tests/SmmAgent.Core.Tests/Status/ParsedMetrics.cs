using System.Globalization;

namespace SmmAgent.Core.Tests.Status;

/// <summary>A strict reader of Prometheus' text format, as promtool is.</summary>
internal sealed class ParsedMetrics
{
    private readonly HashSet<string> _helped = [];

    public Dictionary<string, string> Types { get; } = [];

    public List<(string Name, Dictionary<string, string> Labels, string Series, double Value)> Samples { get; } = [];

    public double this[string series] => Samples.Single(sample => sample.Series == series).Value;

    public static ParsedMetrics Of(string text)
    {
        Assert.EndsWith("\n", text, StringComparison.Ordinal);
        var parsed = new ParsedMetrics();
        var family = "";
        foreach (var line in text[..^1].Split('\n'))
        {
            switch (line.Split(' ', 4))
            {
                case ["#", "HELP", var name, { Length: > 0 }]:
                    Assert.True(parsed._helped.Add(name), $"{name} is helped twice");
                    break;
                case ["#", "TYPE", var name, "gauge" or "counter"]:
                    Assert.Contains(name, parsed._helped);
                    parsed.Types.Add(name, line.Split(' ')[3]);
                    family = name;
                    break;
                default:
                    parsed.Sample(line, family);
                    break;
            }
        }

        return parsed;
    }

    private void Sample(string line, string family)
    {
        var position = line.IndexOfAny(['{', ' ']);
        var name = line[..position];
        Assert.Equal(family, name);
        var labels = new Dictionary<string, string>();
        if (line[position] == '{')
        {
            do
            {
                var equals = line.IndexOf('=', position);
                var label = line[(position + 1)..equals];
                Assert.Matches("^[a-z_]+$", label);
                (var value, position) = Quoted(line, equals + 1);
                labels.Add(label, value);
            }
            while (line[position] == ',');
            Assert.Equal('}', line[position++]);
        }

        Assert.Equal(' ', line[position]);
        Samples.Add((name, labels, line[..position], double.Parse(line[position..], NumberStyles.Float, CultureInfo.InvariantCulture)));
    }

    private static (string Value, int Next) Quoted(string line, int position)
    {
        Assert.Equal('"', line[position]);
        var value = "";
        while (line[++position] != '"')
            value += line[position] != '\\' ? line[position] : line[++position] switch { 'n' => '\n', var c => c };
        return (value, position + 1);
    }
}
