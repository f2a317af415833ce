using System.Text;
using SmmAgent.Contract;
using SmmAgent.Core.Sidecar.Configuration;
using SmmAgent.Core.Sidecar.Status;
using SmmAgent.Core.Tokens;
using SmmAgent.Linux.Dashboard;
using SmmAgent.Linux.Files;

namespace SmmAgent.Linux.Sidecar;

/// <summary>
/// Fetches the sidecar's token from the dashboard, keeps it over a restart of the host, and writes it where the sidecar reads it.
/// </summary>
/// <param name="kept">The path of root's copy, because a restart of the host empties the file system of the sidecar's token.</param>
/// <param name="client">Null where no token is fetched.</param>
public sealed class SidecarTokens(SafeFileSystem files, string kept, IHostDashboard? client, TimeProvider time) : ISidecarTokenStore
{
    private const int MaximumBytes = 64 * 1024;

    /// <summary>Restores the kept token where there is no better one, without a request to the dashboard.</summary>
    /// <returns>Whether the sidecar has a usable token.</returns>
    public bool Restore(WorkloadGroup group)
    {
        var now = time.GetUtcNow();
        if (IsGood(files.Read(SidecarFiles.Token, MaximumBytes).Content))
            return true;

        var token = Encoding.ASCII.GetString(AtomicFile.ReadLimited(kept, MaximumBytes, isAgents: true) ?? []);
        if (!IsGood(token))
            return false;

        WriteToken(token);
        return true;

        bool IsGood(string? text) => IstioToken.Evaluate(text, group, now).Verdict is TokenVerdict.Use or TokenVerdict.Renew;
    }

    /// <summary>Fetches a new token.</summary>
    /// <returns>The failure; null when the token was written.</returns>
    public async Task<StepFailure?> RenewAsync(WorkloadGroup group, CancellationToken cancel)
    {
        try
        {
            if (IstioToken.Evaluate(files.Read(SidecarFiles.Token, MaximumBytes).Content, group,
                time.GetUtcNow()).Verdict != TokenVerdict.Renew)
                Restore(group);
            if (client is null)
                return Failure(StepFailureReason.NoDashboard, "no dashboard is set");

            var answer = await client.PostTokenAsync(cancel);
            if (answer.Failure is { } failure)
            {
                var (reason, message) = FailureText.Format(failure, client.Target);
                return Failure(StepFailureReasons.Parse(reason), message);
            }

            var token = answer.Value!.Token;
            if (IstioToken.Evaluate(token, group, time.GetUtcNow()) is
                {
                    Verdict: TokenVerdict.Expired or TokenVerdict.Unusable,
                    Reason: var explanation
                })
                return Failure(StepFailureReason.TokenUnusable,
                    $"the token from the dashboard is not used: {explanation}; check this host's clock");

            AtomicFile.Write(kept, token, AtomicFile.Private);
            WriteToken(token);
            return null;
        }
        catch (Exception exception) when (FileErrors.IsExpected(exception))
        {
            return Failure(StepFailureReason.NotWritten, FileErrors.Describe(exception));
        }
    }

    private void WriteToken(string token)
    {
        // The sidecar creates its sockets in the same folder.
        files.MakeFolder(Path.GetDirectoryName(SidecarFiles.Tokens)!, SidecarFiles.SidecarUser, SidecarFiles.FolderMode, corrects: true);
        files.MakeFolder(SidecarFiles.Tokens, SidecarFiles.Root, SidecarFiles.FolderMode, corrects: true);
        using var transaction = files.Begin();
        transaction.Stage(SidecarFiles.Token, Encoding.ASCII.GetBytes(token), SidecarFiles.SidecarUser, SidecarFiles.Private);
        transaction.Commit();
    }

    private static StepFailure Failure(StepFailureReason reason, string message) => new(ReconcilePart.Token, "", reason, message);
}
