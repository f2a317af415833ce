using System.Text;
using SmmAgent.Contract;
using SmmAgent.Core.Settings;
using SmmAgent.Core.Tokens;
using SmmAgent.Linux.Dashboard;
using SmmAgent.Linux.Dashboard.Tokens;
using SmmAgent.Linux.Files;
using SmmAgent.Linux.Host;
using SmmAgent.Linux.State;

namespace SmmAgent.Host.Configuration;

/// <summary><c>smm-agent set bearer-token</c>. It never prints a part of the token.</summary>
internal sealed class SetBearerToken(AgentPaths paths, Progress progress, TimeProvider time, bool isPrivileged)
{
    private const int MinimumLength = 8;

    public int Run(TokenSource source)
    {
        if (source.Warning is { } warning)
            progress.Warn(warning);
        return (source.Prompt is { } prompt ? ReadWithoutEcho(prompt, source) : Read(source)) is { } token
            ? Write(token) : ExitCode.Usage;
    }

    /// <summary>Writes a token that <see cref="Read"/> returned.</summary>
    public int Write(byte[] token) => new FileChange(progress, isPrivileged).Run(paths.BearerToken, () =>
    {
        WriteFile([.. token, (byte)'\n']);
        foreach (var doubt in Doubts(token))
            progress.Warn(doubt);
        return ExitCode.Done;
    });

    private byte[]? ReadWithoutEcho(string prompt, TokenSource source)
    {
        var echo = TerminalEcho.Hide();
        using var interruption = new Interruption(() => echo?.Restore());
        try
        {
            progress.Would(prompt);
            return Read(source);
        }
        finally
        {
            echo?.Restore();
        }
    }

    /// <summary>Reads a token, and reports its errors.</summary>
    /// <returns>Null if the source has no usable token.</returns>
    public byte[]? Read(TokenSource source)
    {
        try
        {
            var bytes = source.Read();
            if (bytes.Length > BearerTokenFile.MaximumBytes)
                return Refused(source, $"is larger than {BearerTokenFile.MaximumBytes} bytes");
            if (source.IsArgument && ExistingFile(bytes) is { } existing)
                return RefusedFile(existing);

            var text = TokenText.Parse(bytes);
            if (text.FileName is { } name)
                return source.IsArgument || File.Exists(name) ? RefusedFile(name) : Refused(source, "the text is the name of a file");
            if (text.Token is not { } token)
                return Refused(source, $"the text {text.Refusal}");
            if (token.Length > BearerTokenFile.MaximumBytes - 1)
                return Refused(source, $"the token is larger than {BearerTokenFile.MaximumBytes - 1} bytes");
            if (token.Length < MinimumLength)
                return Refused(
                    source,
                    $"the text has {token.Length} characters; a token has {MinimumLength} or more, because a shorter one is easy to guess");
            if (text.Wrapping is { } wrapping)
                progress.Done($"the text contained more than the token, so the token was extracted: {wrapping}");
            return Encoding.ASCII.GetBytes(token);
        }
        catch (Exception exception) when (FileErrors.IsExpected(exception))
        {
            return Refused(source, FileErrors.Reason(exception, source.Name));
        }
    }

    private static string? ExistingFile(byte[] argument)
    {
        var path = Encoding.UTF8.GetString(argument) is ['@', .. var named] ? named : Encoding.UTF8.GetString(argument);
        return path.Length is > 0 and < 4096 && File.Exists(path) ? path : null;
    }

    private byte[]? RefusedFile(string path)
    {
        var shown = NameRules.Shown(path);
        progress.Failed(
            "TOKEN is the name of a file: sudo smm-agent set bearer-token --file "
                + $"{(shown.Any(c => !char.IsAsciiLetterOrDigit(c) && !"./_-+=~,:@".Contains(c)) ? $"'{shown}'" : shown)}");
        return null;
    }

    private byte[]? Refused(TokenSource source, string reason)
    {
        progress.Failed($"{NameRules.Shown(source.Name)}: {reason}; {source.Advice}");
        return null;
    }

    private void WriteFile(byte[] content)
    {
        var file = new ConfigFile(paths.BearerToken);
        var isOpen = file.IsOpenToAll;
        var isSame = !isOpen && HasContent(content);
        if (!isSame)
            file.Write(content, isSecret: true);
        progress.Done($"bearer token is {(isSame ? "unchanged" : "set")} file={paths.BearerToken}");
        if (ReadDenial.ForDaemon(paths.BearerToken) is { } refusal)
            progress.Warn($"{refusal}");
        if (isOpen)
            progress.Warn(
                $"{paths.BearerToken} was readable by every user of this host and is now closed; replace the token, because "
                    + "others may have read it");
    }

    private bool HasContent(byte[] content)
    {
        try
        {
            return AtomicFile.ReadLimited(paths.BearerToken, BearerTokenFile.MaximumBytes) is { } old
                && old.AsSpan().SequenceEqual(content);
        }
        catch (InvalidDataException)
        {
            return false; // the file is too large for a token
        }
    }

    private IEnumerable<string> Doubts(byte[] token)
    {
        if (TokenClaims.Read(Encoding.ASCII.GetString(token)) is not { } claims)
            return [];

        var settings = Settings();
        // Root's own copy: it takes no data from the daemon.
        var good = new LastGoodMeshConfig(paths.HostLastGoodMeshConfig).Load().Good;
        var account = good is not null && good.From == DashboardTarget.From(settings) ? good.Config.WorkloadGroup.ServiceAccount : null;
        return claims.FindWarnings(settings.Namespace, account, time.GetUtcNow()).Select(doubt => doubt.ToString());
    }

    // The command sets the token also where agent.yaml cannot be used.
    private AgentSettings Settings() => SettingsFile.TryLoad(paths.Settings).Reading.Settings ?? new AgentSettings();
}
