using SmmAgent.Core.Settings;
using SmmAgent.Host.Status;
using SmmAgent.Linux.Dashboard;
using SmmAgent.Linux.Dashboard.Tokens;
using SmmAgent.Linux.State;

namespace SmmAgent.Cli;

/// <summary>One value of the configuration.</summary>
/// <param name="Source">The file and line, <c>default</c>, or who told it and when.</param>
internal sealed record ConfigEntry(string Group, string Key, string Value, string Source);

/// <summary>The effective configuration as far as this user may see it. Secrets are described, never carried.</summary>
internal sealed class ConfigListing
{
    public const string SettingsGroup = "Settings";
    public const string TokenGroup = "Bearer token";
    public const string MeshGroup = "Mesh configuration";

    private readonly List<ConfigEntry> _entries = [];
    private readonly List<string> _faults = [];
    private readonly List<string> _warnings = [];
    private readonly List<string> _notSeen = [];

    public IReadOnlyList<ConfigEntry> Entries => _entries;

    /// <summary>What is wrong with agent.yaml; with any, the daemon keeps its last good settings.</summary>
    public IReadOnlyList<string> Faults => _faults;

    public IReadOnlyList<string> Warnings => _warnings;

    /// <summary>What this user may not see, and how to see it.</summary>
    public IReadOnlyList<string> NotSeen => _notSeen;

    /// <summary>Whether agent.yaml itself may not be read by this user.</summary>
    public bool IsHidden { get; private set; }

    public static ConfigListing Collect(AgentPaths paths)
    {
        var listing = new ConfigListing();
        var settings = listing.AddSettings(paths);
        listing.AddToken(paths);
        listing.AddMesh(paths, settings is null ? null : DashboardTarget.From(settings));
        return listing;
    }

    private AgentSettings? AddSettings(AgentPaths paths)
    {
        var file = SettingsFile.TryLoad(paths.Settings);
        if (file.IsForbidden)
        {
            IsHidden = true;
            Hidden(paths.Settings, "root and the group smm-agent");
            return null;
        }

        if (file.Failure is not null)
        {
            _faults.Add($"{paths.Settings}: {file.Failure}");
            return null;
        }

        var content = file.Content ?? [];
        if (content.Length == 0)
            _warnings.Add($"{paths.Settings} does not exist yet, or is empty: sudo smm-agent set dashboard-url URL");
        var reading = file.Reading;
        var lines = SettingsOrigins.Lines(content);
        foreach (var (key, value) in SettingsTable.Rows(reading.Readable))
            _entries.Add(Entry(key, value, lines.GetValueOrDefault(key), paths, IsRefused(reading, key)));
        _faults.AddRange(reading.Errors.Select(fault => $"{paths.Settings}: {fault}"));
        _warnings.AddRange(reading.Warnings.Select(warning => $"{paths.Settings}: {warning}"));
        return reading.Readable;
    }

    private static ConfigEntry Entry(string key, string value, int line, AgentPaths paths, bool isRefused)
    {
        if (line > 0)
            return new(SettingsGroup, key, isRefused ? "refused" : value, $"{paths.Settings}:{line}");

        // The daemon works with one that it made itself, until reconcile has written it into agent.yaml.
        return key == "uuid" && DaemonsUuid(paths) is { } uuid
            ? new(SettingsGroup, key, uuid.ToString(), $"made by the daemon, {paths.Status}")
            : new(SettingsGroup, key, value, value == SettingsTable.None ? "not set" : "default");
    }

    // A fault of a list's item is told with its index.
    private static bool IsRefused(SettingsReading reading, string key) =>
        reading.Errors.Any(fault => fault.Path == key || fault.Path.StartsWith(key + "[", StringComparison.Ordinal));

    private static Guid? DaemonsUuid(AgentPaths paths) => StatusReader.Read(paths.Status).Status?.Agent.Uuid;

    private void AddToken(AgentPaths paths)
    {
        var path = paths.BearerToken;
        var reading = BearerTokenFile.From(paths, TimeProvider.System).Read();
        if (reading.Warning is { } warning)
            _warnings.Add(warning);
        if (reading.Operators is { } token)
        {
            var expires = Until(token);
            var mode = Convert.ToString((int)File.GetUnixFileMode(path), 8).PadLeft(4, '0');
            _entries.Add(new(TokenGroup, "bearer-token", $"set, {token.Length} bytes, mode {mode}{expires}", path));
            if (reading is { IsRenewed: true, Token: { } renewed })
                _entries.Add(new(TokenGroup, "renewed-token", $"in use, {renewed.Length} bytes{Until(renewed)}", $"made by the dashboard, {paths.RenewedToken}"));
            return;
        }

        if (reading.IsForbidden)
            Hidden(path, "root and the group smm-agent");
        else
            _warnings.Add(reading.Fault!);
        _entries.Add(new(TokenGroup, "bearer-token", reading.IsForbidden ? "not seen" : "not set", path));
    }

    private static string Until(BearerToken token) => token.Claims()?.Expires is { } time ? $", valid until {time:u}" : "";

    private void AddMesh(AgentPaths paths, DashboardTarget? target)
    {
        if (target is null)
            return;

        var (newest, faults) = LastGoodMeshConfig.Newest(paths, target);
        if (Environment.IsPrivilegedProcess)
            _warnings.AddRange(faults);
        if (newest is { Config: var config })
        {
            var source = $"dashboard {newest.From.Url.GetLeftPart(UriPartial.Authority)}, fetched at {newest.ReceivedAt:u}";
            _entries.AddRange(MeshTable.Of(config).Select(row => new ConfigEntry(MeshGroup, row.Key, row.Value, source)));
        }
        else if (!Environment.IsPrivilegedProcess)
        {
            Hidden("the last good mesh configuration", "root");
        }
        else
        {
            _warnings.Add("no mesh configuration was fetched for these settings yet: sudo smm-agent reconcile");
        }
    }

    private void Hidden(string what, string who) => _notSeen.Add($"{what} may be read by {who} only: sudo smm-agent config show");
}
