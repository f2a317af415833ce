using System.Text.Json;
using SmmAgent.Contract;

namespace SmmAgent.Core.Sidecar.Configuration;

/// <summary>Writes and reads a <see cref="FoundFile"/>, with its mode as a number.</summary>
internal static class FoundFileJson
{
    public static void Write(Utf8JsonWriter writer, FoundFile file)
    {
        writer.WriteString("content", file.Content);
        writer.WriteString("owner", file.Owner);
        writer.WriteNumber("mode", (int)file.Mode);
        writer.WriteTime("modified", file.Modified);
    }

    public static FoundFile Read(JsonInput json) => new(
        json.Required("content").TextOrNull(),
        json.Required("owner").Text(),
        (UnixFileMode)json.Required("mode").Number(),
        json.Required("modified").Time());

    /// <summary>Reads a file of a snapshot, where each member may be missing.</summary>
    public static FoundFile ReadOptional(JsonInput json) => new(
        json.Optional("content").TextOrNull(),
        json.Optional("owner").Text(),
        (UnixFileMode)json.Optional("mode").Number(),
        json.Optional("modified").Time());
}
