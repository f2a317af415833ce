using System.Net;
using System.Text.Json;
using SmmAgent.Contract;
using SmmAgent.Core.Firewall.Rules;

namespace SmmAgent.Core.Firewall.Planning;

/// <summary>Writes and reads a <see cref="FirewallSnapshot"/>.</summary>
internal static class FirewallSnapshotJson
{
    public static byte[] Write(FirewallSnapshot snapshot) => JsonOutput.Write(snapshot, Write, new() { Indented = true });

    /// <returns>Null if the text is <c>null</c>. Items of lists and values of dictionaries can be null.</returns>
    /// <exception cref="JsonException">The text is not a snapshot.</exception>
    public static FirewallSnapshot? Read(ReadOnlySpan<byte> json) => JsonInput.Read(json, static json => new FirewallSnapshot
    {
        Format = json.Optional("format").Number(),
        Chains = json.Required("chains").Map(rules => rules.ListOrNull(ReadText)!),
        Zones = json.Required("zones").Map(openings => openings.ListOrNull(opening => opening.Members(ReadOpening))!),
        Running = json.Required("running").List(ReadText),
    });

    private static void Write(Utf8JsonWriter writer, FirewallSnapshot snapshot)
    {
        writer.WriteNumber("format", snapshot.Format);
        writer.WriteStartObject("chains");
        foreach (var (command, rules) in snapshot.Chains)
            writer.WriteTexts(command, rules);
        writer.WriteEndObject();
        writer.WriteStartObject("zones");
        foreach (var (zone, openings) in snapshot.Zones)
        {
            writer.WriteStartArray(zone);
            foreach (var opening in openings)
                Write(writer, opening);
            writer.WriteEndArray();
        }

        writer.WriteEndObject();
        writer.WriteTexts("running", snapshot.Running);
    }

    private static void Write(Utf8JsonWriter writer, PortOpening opening)
    {
        writer.WriteStartObject();
        writer.WriteNumber("port", opening.Port);
        writer.WriteString("source", opening.Source?.ToString());
        writer.WriteEndObject();
    }

    private static string ReadText(JsonInput json) => json.TextOrNull()!;

    private static PortOpening ReadOpening(JsonInput json) => new(json.Optional("port").Number(), ReadNetwork(json.Optional("source")));

    private static IPNetwork? ReadNetwork(JsonInput json) =>
        json.TextOrNull() is { } text ? Cidr.ParseStrict(text) ?? throw json.OtherType() : null;
}
