using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Unicode;
using SmmAgent.Contract;

namespace SmmDashboard.Admin.Pages;

/// <summary>
/// Builds HTML. The literal parts of an interpolated string are HTML; each value in it is text: one line, bounded and encoded. Agents
/// choose most of the values.
/// </summary>
internal sealed class Html
{
    /// <summary>
    /// The longest value, in characters: as long as the line of a request may be, so that a link with filters is never cut.
    /// </summary>
    public const int LongestValue = 4 * 1024;

    private static readonly HtmlEncoder Encoder = HtmlEncoder.Create(UnicodeRanges.All);

    private readonly StringBuilder _text = new(16 * 1024);

    public Html Add([InterpolatedStringHandlerArgument("")] ref Handler markup) => this;

    /// <summary>Adds the HTML of a list.</summary>
    public Html Each<T>(IEnumerable<T> items, Action<T> add)
    {
        foreach (var item in items)
            add(item);
        return this;
    }

    public override string ToString() => _text.ToString();

    private void AddValue(string? value) => _text.Append(Encoder.Encode(OneLine.ReplaceUnprintable(value ?? "", '?', LongestValue)));

    /// <summary>Receives the parts of an interpolated string.</summary>
    [InterpolatedStringHandler]
    public readonly ref struct Handler
    {
        private readonly Html _html;

        public Handler(int literalLength, int formattedCount, Html html)
        {
            _ = (literalLength, formattedCount);
            _html = html;
        }

        public void AppendLiteral(string markup) => _html._text.Append(markup);

        public void AppendFormatted(string? value) => _html.AddValue(value);

        public void AppendFormatted(int value) => _html._text.Append(value.ToString(CultureInfo.InvariantCulture));

        public void AppendFormatted(long value) => _html._text.Append(value.ToString(CultureInfo.InvariantCulture));

        public void AppendFormatted(object? value) => _html.AddValue(value?.ToString());
    }
}
