using System.Text;
using SmmAgent.Contract;
using SmmAgent.Core.Settings;
using SmmAgent.Linux.Dashboard;
using SmmAgent.Linux.Host;
using SmmAgent.Linux.State;

namespace SmmAgent.Cli;

/// <summary><c>smm-agent set bearer-token</c>. Nothing of the token is ever printed.</summary>
internal sealed class SetBearerToken(AgentPaths paths, Progress progress, TimeProvider time)
{
    private const string Example = "sudo smm-agent set bearer-token --stdin < token";

    public int Run(TokenSource source)
    {
        if (source.Warning is { } warning)
            progress.Warn(warning);
        if ((source.Prompt is { } prompt ? Unseen(prompt, source) : Read(source)) is not { } token)
            return ExitCode.Usage;

        return SettingsWriter.Guarded(paths.BearerToken, progress, () =>
        {
            Write([.. token, (byte)'\n']);
            foreach (var doubt in Doubts(token))
                progress.Warn(doubt);
            return ExitCode.Done;
        });
    }

    private byte[]? Unseen(string prompt, TokenSource source)
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

    private byte[]? Read(TokenSource source)
    {
        var why = "there is no such file";
        try
        {
            if (source.Read() is { } bytes)
            {
                ReadOnlySpan<byte> token = bytes;
                if (token.EndsWith("\n"u8))
                    token = token[..^1];
                if (token.EndsWith("\r"u8))
                    token = token[..^1];
                why = token.Length > BearerTokenFile.MaximumBytes - 1
                    ? $"is larger than {BearerTokenFile.MaximumBytes - 1} bytes"
                    : SettingsRules.BearerToken(token);
                if (why is null)
                    return token.ToArray();

                why = $"the token {why}";
            }
        }
        catch (Exception exception) when (exception is IOException or InvalidDataException or UnauthorizedAccessException)
        {
            why = exception.Message;
        }

        progress.Failed($"{NameRules.Shown(source.Name)}: {why}; for example: {Example}");
        return null;
    }

    private void Write(byte[] content)
    {
        var file = new ConfigFile(paths.BearerToken);
        var isOpen = file.IsOpenToAll;
        var isSame = !isOpen && HasContent(content);
        if (!isSame)
            file.Write(content, isSecret: true);
        progress.Done($"bearer token is {(isSame ? "unchanged" : "set")} file={paths.BearerToken}");
        if (isOpen)
            progress.Warn($"{paths.BearerToken} was open to every user of this host, and is no more; a token that others may have read should be replaced");
    }

    private bool HasContent(byte[] content)
    {
        try
        {
            return AtomicFile.ReadLimited(paths.BearerToken, BearerTokenFile.MaximumBytes) is { } old && old.AsSpan().SequenceEqual(content);
        }
        catch (InvalidDataException)
        {
            return false; // whatever lies there is no token
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
        return claims.Doubts(settings.Namespace, account, time.GetUtcNow()).Select(doubt => doubt.ToString());
    }

    private AgentSettings Settings()
    {
        try
        {
            return AtomicFile.ReadLimited(paths.Settings, SettingsReader.MaximumBytes) is { } bytes
                && SettingsReader.Read(bytes).Settings is { } settings ? settings : new AgentSettings();
        }
        catch (Exception exception) when (exception is IOException or InvalidDataException or UnauthorizedAccessException)
        {
            return new AgentSettings(); // the token is what was asked for
        }
    }
}
