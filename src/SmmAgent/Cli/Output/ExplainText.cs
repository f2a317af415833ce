using System.Text;
using System.Text.Json;
using SmmAgent.Contract;
using SmmAgent.Core.Conditions;
using SmmAgent.Core.Text;
using SmmAgent.Host;

namespace SmmAgent.Cli.Output;

/// <summary>Formats the documentation of conditions and reasons for a terminal.</summary>
public static class ExplainText
{
    private const int StatusWidth = 16;

    /// <summary>The list of all conditions.</summary>
    public static string List(ConditionReference reference, OutputStyle style)
    {
        var text = new StringBuilder("Conditions\n");
        foreach (var section in reference.Conditions)
            Append(text, $"  {section.Title,-22}", FirstSentence(section), style);
        text.Append('\n');
        Append(text, "", "Explain one condition or reason: smm-agent explain NAME", style);
        return style.Encode(text.ToString());
    }

    /// <returns>Null if there is neither a condition nor a reason of this name.</returns>
    public static string? Explain(ConditionReference reference, string name, OutputStyle style)
    {
        var condition = reference.Conditions.FirstOrDefault(section => Is(section.Title, name));
        var reasons = reference.Reasons.Where(row => Is(row.Reason, name)).ToList();
        if (condition is null && reasons.Count == 0)
            return null;

        var text = new StringBuilder();
        if (condition is not null)
            Condition(text, condition, style);
        else
            text.AppendJoin('\n', reasons.Select(row => Reason(row, style)));

        return style.Encode(text.ToString());
    }

    /// <summary>The conditions or the reasons of this name; without a name, all conditions.</summary>
    /// <returns>Null if there is neither a condition nor a reason of this name.</returns>
    public static string? Structured(ConditionReference reference, string? name, PrintFormat format)
    {
        var conditions = reference.Conditions.Where(section => name is null || Is(section.Title, name)).ToList();
        var reasons = conditions.Count > 0 ? [] : reference.Reasons.Where(row => Is(row.Reason, name!)).ToList();
        return conditions.Count + reasons.Count == 0 ? null : StructuredText.Write(format, json =>
        {
            json.WriteStartObject();
            json.WriteStartArray("conditions");
            foreach (var section in conditions)
            {
                json.WriteStartObject();
                json.WriteString("type", section.Title);
                json.WriteString("description", string.Join('\n', section.Text));
                Reasons(json, section.Reasons);
                json.WriteEndObject();
            }

            json.WriteEndArray();
            Reasons(json, reasons);
            json.WriteEndObject();
        });
    }

    private static void Reasons(Utf8JsonWriter json, IReadOnlyList<ReasonEntry> reasons)
    {
        json.WriteStartArray("reasons");
        foreach (var row in reasons)
        {
            json.WriteStartObject();
            json.WriteString("reason", row.Reason);
            json.WriteString("section", row.Section);
            json.WriteStrings("statuses", row.Statuses.Split(", "));
            json.WriteString("meaning", row.Meaning);
            json.WriteString("action", row.Action);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    /// <summary>The name that was probably meant; null if none is similar.</summary>
    public static string? Nearest(ConditionReference reference, string name) =>
        Spelling.Nearest(name, reference.Conditions.Select(section => section.Title).Concat(reference.Reasons.Select(row => row.Reason)));

    private static void Condition(StringBuilder text, ReferenceSection section, OutputStyle style)
    {
        text.Append(style.Bold(section.Title)).Append('\n');
        foreach (var paragraph in section.Text)
            Append(text, "  ", paragraph, style);
        text.Append('\n');
        var width = section.Reasons.Max(row => row.Reason.Length) + 2;
        foreach (var row in section.Reasons)
            Append(text, $"  {row.Statuses,-StatusWidth}{row.Reason.PadRight(width)}", row.Meaning, style);
        text.Append('\n');
        Append(text, "  ", "what to do about a reason: smm-agent explain REASON", style);
    }

    private static string Reason(ReasonEntry row, OutputStyle style)
    {
        var text = new StringBuilder();
        var of = ConditionType.All.Contains(row.Section) ? row.Section : "several conditions";
        Append(text, style.Bold(row.Reason) + " ", $"({of}: {row.Statuses})", style);
        Append(text, "  means  ", row.Meaning, style);
        Append(text, "  do     ", row.Action, style);
        return text.ToString();
    }

    private static void Append(StringBuilder text, string first, string rest, OutputStyle style)
    {
        foreach (var line in TextWrap.Lines(first, rest, style.Width))
            text.Append(line).Append('\n');
    }

    private static string FirstSentence(ReferenceSection section)
    {
        var paragraph = section.Text.Count > 0 ? section.Text[0] : "";
        var end = paragraph.IndexOf(". ", StringComparison.Ordinal);
        return end < 0 ? paragraph : paragraph[..(end + 1)];
    }

    private static bool Is(string known, string name) => known.Equals(name, StringComparison.OrdinalIgnoreCase);
}
