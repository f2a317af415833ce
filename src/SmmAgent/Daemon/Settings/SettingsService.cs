using System.Globalization;
using Microsoft.Extensions.Logging;
using SmmAgent.Contract;
using SmmAgent.Core.Settings;
using SmmAgent.Core.Tokens;
using SmmAgent.Daemon.Loop;
using SmmAgent.Linux.Dashboard.Tokens;
using SmmAgent.Linux.Files;
using SmmAgent.Linux.State;

namespace SmmAgent.Daemon.Settings;

/// <summary>
/// Reads agent.yaml at the start and at each signal. An invalid edit is reported, and the previous settings stay in effect.
/// </summary>
public sealed class SettingsService(
    LoopContext context,
    AgentPaths paths,
    BearerTokenFile tokens,
    ObservableValue<SettingsState> state,
    ILogger<SettingsService> log) : LoopService(context)
{
    /// <summary>The poll interval for file systems that do not report edits.</summary>
    private static readonly TimeSpan Interval = TimeSpan.FromMinutes(1);

    private readonly Lock _lock = new();

    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        // The services that start after this one read the settings at their start.
        Load();
        await base.StartAsync(cancellationToken);
    }

    public override Task<TimeSpan> StepAsync(CancellationToken cancel)
    {
        Load();
        return Task.FromResult(Interval);
    }

    /// <summary>Reads the settings now; they are in effect when the method returns.</summary>
    public void Reload() => Load();

    private void Load()
    {
        lock (_lock)
            LoadLocked();
    }

    private void LoadLocked()
    {
        var old = state.Value;
        var reading = Read();
        var token = tokens.Read();
        var warnings = reading.Warnings.Concat(token.Warning is { } warning ? [new InputError("bearer-token", warning)] : []).ToList();
        var settings = reading.Settings ?? old.Settings;
        var next = new SettingsState(
            SettingsEquality.Same(settings, old.Settings) ? old.Settings : settings,
            reading.Errors.SequenceEqual(old.Errors) ? old.Errors : reading.Errors,
            warnings.SequenceEqual(old.Warnings) ? old.Warnings : warnings)
        {
            Token = token.Token is { } found ? TokenFacts.From(found.Claims()) : new TokenFacts(token.Fault),
            CredentialStamp = $"{Stamp(paths.BearerToken)}/{(settings.CaFile is { } caFile ? Stamp(caFile) : "")}",
        };
        if (next == old)
            return;

        if (!ReferenceEquals(next.Settings, old.Settings))
            log.SettingsInForce(paths.Settings);
        if (!ReferenceEquals(next.Errors, old.Errors))
            foreach (var fault in next.Errors)
                log.SettingsRefused(paths.Settings, fault);
        if (!ReferenceEquals(next.Warnings, old.Warnings))
            foreach (var fault in next.Warnings)
                log.SettingsWarning(paths.Settings, fault);
        state.Publish(next);
    }

    private SettingsReading Read()
    {
        var file = SettingsFile.TryLoad(paths.Settings);
        if (file.IsForbidden && ReadDenial.ForThisProcess(paths.Settings) is { } refusal)
            return new(null, [new InputError("", refusal.ToString())], []);

        // A fresh installation has no file; a deleted file is not a valid edit.
        return file.Exists || ReferenceEquals(state.Value.Settings, SettingsState.Empty.Settings)
            ? file.Exists ? file.Reading : new(SettingsState.Empty.Settings, [], [])
            : new(null, [new InputError("", $"{paths.Settings} was deleted")], []);
    }

    private static string Stamp(string path)
    {
        try
        {
            var file = new FileInfo(path);
            return file.Exists ? string.Create(CultureInfo.InvariantCulture, $"{file.LastWriteTimeUtc.Ticks}-{file.Length}") : "none";
        }
        catch (Exception exception) when (FileErrors.IsExpected(exception))
        {
            return "hidden";
        }
    }
}
