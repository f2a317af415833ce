using System.Globalization;
using SmmAgent.Core.Settings;
using SmmAgent.Linux.Files;

namespace SmmAgent.Host.Rollback;

/// <summary>
/// What became of <c>reconcile --confirm-within</c>, for <c>smm-agent status</c> of any user; a restart of the host deletes it.
/// </summary>
/// <param name="IsRolledBack">Whether the change was rolled back; otherwise it waits for its confirmation.</param>
/// <param name="Time">When it was rolled back, or when it will be.</param>
internal sealed record ConfirmationNote(bool IsRolledBack, DateTimeOffset Time)
{
    private const string Pending = "pending";
    private const string RolledBack = "rolled-back";
    private const int MaximumBytes = 200;

    public void Write(AgentPaths paths)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(paths.Confirmation)!);
        var text = $"{(IsRolledBack ? RolledBack : Pending)} {Time.UtcDateTime.ToString("O", CultureInfo.InvariantCulture)}\n";
        AtomicFile.Write(paths.Confirmation, System.Text.Encoding.ASCII.GetBytes(text), AtomicFile.Public, durable: false);
    }

    public static void Delete(AgentPaths paths)
    {
        if (File.Exists(paths.Confirmation))
            File.Delete(paths.Confirmation);
    }

    /// <returns>Null when there is none, or it is not readable: it is only a hint.</returns>
    public static ConfirmationNote? Read(AgentPaths paths)
    {
        try
        {
            return AtomicFile.ReadLimited(paths.Confirmation, MaximumBytes) is { } bytes ? Parse(bytes) : null;
        }
        catch (Exception exception) when (FileErrors.IsExpected(exception))
        {
            return null;
        }
    }

    private static ConfirmationNote? Parse(byte[] bytes) =>
        System.Text.Encoding.ASCII.GetString(bytes).Trim().Split(' ') is [var word, var time]
        && (word is Pending or RolledBack)
        && DateTimeOffset.TryParse(time, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var at)
            ? new(word == RolledBack, at)
            : null;
}
