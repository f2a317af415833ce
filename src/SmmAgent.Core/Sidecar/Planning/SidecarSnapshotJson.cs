using System.Text.Json;
using SmmAgent.Contract;
using SmmAgent.Core.Sidecar.Configuration;

namespace SmmAgent.Core.Sidecar.Planning;

/// <summary>Writes and reads a <see cref="SidecarSnapshot"/>.</summary>
internal static class SidecarSnapshotJson
{
    public static byte[] Write(SidecarSnapshot snapshot) => JsonOutput.Write(snapshot, static (writer, snapshot) =>
    {
        writer.WriteNumber("format", snapshot.Format);
        writer.WriteString("version", snapshot.Version);
        WriteFiles(writer, "files", snapshot.Files);
        writer.WriteTexts("hosts", snapshot.Hosts);
        writer.WriteTexts("folders", snapshot.Folders);
        WriteFiles(writer, "folderOwners", snapshot.FolderOwners);
        WriteCredentials(writer, "credentials", snapshot.Credentials);
        writer.WriteBoolean("hasAccount", snapshot.HasAccount);
        writer.WriteTexts("tables", snapshot.Tables);
        writer.WriteBoolean("isEnabled", snapshot.IsEnabled);
        writer.WriteBoolean("isRunning", snapshot.IsRunning);
    });

    /// <exception cref="JsonException">The text is not a snapshot.</exception>
    public static SidecarSnapshot? Read(ReadOnlySpan<byte> json) => JsonInput.Read(json, static json => new SidecarSnapshot
    {
        Format = json.Optional("format").Number(),
        Version = json.Required("version").TextOrNull(),
        Files = json.Required("files").Map(ReadFile),
        Hosts = json.Required("hosts").List(ReadText),
        Folders = json.Required("folders").List(ReadText),
        FolderOwners = json.Optional("folderOwners").Map(ReadFile) ?? new Dictionary<string, FoundFile>(),
        Credentials = json.Optional("credentials").MapOrNull(time => time.Time()),
        HasAccount = json.Required("hasAccount").Flag(),
        Tables = json.Required("tables").List(ReadText),
        IsEnabled = json.Required("isEnabled").Flag(),
        IsRunning = json.Required("isRunning").Flag(),
    });

    private static FoundFile ReadFile(JsonInput json) => json.MembersOrNull(FoundFileJson.ReadOptional)!;

    private static string ReadText(JsonInput json) => json.TextOrNull()!;

    private static void WriteFiles(Utf8JsonWriter writer, string name, IReadOnlyDictionary<string, FoundFile> files)
    {
        writer.WriteStartObject(name);
        foreach (var (path, file) in files)
            writer.WriteObject(path, file, FoundFileJson.Write);
        writer.WriteEndObject();
    }

    private static void WriteCredentials(Utf8JsonWriter writer, string name, IReadOnlyDictionary<string, DateTimeOffset>? credentials)
    {
        if (credentials is null)
        {
            writer.WriteNull(name);
            return;
        }

        writer.WriteStartObject(name);
        foreach (var (path, modified) in credentials)
            writer.WriteTime(path, modified);
        writer.WriteEndObject();
    }
}
