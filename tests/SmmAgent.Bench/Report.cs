using System.Globalization;

namespace SmmAgent.Bench;

/// <summary>The table that the benchmark prints: a figure, its yardstick's figure, and their ratio.</summary>
internal sealed class Report
{
    private readonly List<string[]> _rows = [["figure", "ours", "yardstick", "ratio", "aim"]];

    public void Beside(string figure, double ours, double yardstick, string unit, string aim)
    {
        var ratio = yardstick > 0 ? (ours / yardstick).ToString("0.00", CultureInfo.InvariantCulture) : "-";
        Add(figure, Show(ours, unit), Show(yardstick, unit), ratio, aim);
    }

    public void Alone(string figure, double ours, string unit, string aim = "") => Add(figure, Show(ours, unit), "", "", aim);

    public void Print(TextWriter output)
    {
        var widths = Enumerable.Range(0, 5).Select(column => _rows.Max(row => row[column].Length)).ToArray();
        foreach (var row in _rows)
            output.WriteLine(string.Join("  ",
                row.Select((cell, column) => column is 0 or 4 ? cell.PadRight(widths[column]) : cell.PadLeft(widths[column]))).TrimEnd());
    }

    public static double Median(IEnumerable<double> values)
    {
        var sorted = values.Order().ToArray();
        return sorted[sorted.Length / 2];
    }

    private static string Show(double value, string unit) =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"{value.ToString(value < 10 ? "0.###" : "#,0", CultureInfo.InvariantCulture)} {unit}");

    private void Add(params string[] row)
    {
        _rows.Add(row);
        Console.Error.WriteLine("  " + string.Join("  ", row.Where(cell => cell.Length > 0)));
    }
}
