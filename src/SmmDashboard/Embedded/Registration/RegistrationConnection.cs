using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using SmmAgent.Contract;
using SmmDashboard.Groups;
using SmmDashboard.Http;

namespace SmmDashboard.Embedded.Registration;

/// <summary>One sidecar's connection: a line that asks, a line that answers, then its health until it goes away.</summary>
/// <param name="stream">The connection.</param>
/// <param name="service">Who decides.</param>
/// <param name="entries">Where a granted entry is.</param>
/// <param name="takeSlot">Takes a place for a sidecar of the group; null when there is none.</param>
/// <param name="clock">The clock.</param>
public sealed class RegistrationConnection(
    SslStream stream, RegistrationService service, RegisteredEntries entries, Func<GroupId, object?> takeSlot, TimeProvider clock)
{
    public const int MaximumLine = 16 * 1024;

    // A probe's result every few seconds is usual; this is for a client that babbles.
    private static readonly Rate HealthLines = new(20, 1);

    private readonly LineReader _lines = new(stream, MaximumLine);

    /// <summary>Reads the request and answers it.</summary>
    /// <returns>The entry that the connection holds from now on; null when it is over.</returns>
    public async Task<RegisteredEntry?> RegisterAsync(CancellationToken cancellationToken)
    {
        if (await _lines.ReadAsync(cancellationToken) is not { } line)
            return null;

        var request = RegistrationRequest.Read(line);
        var (reply, entry) = request.Value is { } asked
            ? service.Register(asked, stream.RemoteCertificate is X509Certificate2 presented ? SidecarAuthority.ReadIdentity(presented) : null)
            : (RegistrationReply.Refused(RegistrationReply.RequestInvalid, string.Join("; ", request.Faults)), null);
        if (entry is not null && takeSlot(entry.Group) is null)
        {
            entries.Disconnect(entry);
            (reply, entry) = (RegistrationReply.Refused(RegistrationReply.TooMany, "the dashboard has too many registered sidecars of this WorkloadGroup or client address"), null);
        }

        try
        {
            byte[] answer = [.. JsonSerializer.SerializeToUtf8Bytes(reply, RegistrationJson.Default.RegistrationReply), (byte)'\n'];
            await stream.WriteAsync(answer, cancellationToken);
            return entry;
        }
        catch
        {
            if (entry is not null)
                entries.Disconnect(entry);
            throw;
        }
    }

    /// <summary>Follows the sidecar's health until it disconnects or breaks the protocol.</summary>
    public async Task FollowAsync(RegisteredEntry entry, CancellationToken cancellationToken)
    {
        try
        {
            var rate = new TokenBucket(HealthLines, clock.GetTimestamp());
            while (await _lines.ReadAsync(cancellationToken) is { } line && rate.TryTake(clock, out _) && TryReadHealth(line, out var healthy))
                entry.Healthy = healthy ? "True" : "False";
        }
        finally
        {
            entries.Disconnect(entry);
        }
    }

    private static bool TryReadHealth(ReadOnlyMemory<byte> line, out bool healthy)
    {
        healthy = false;
        using var document = StrictJson.Parse(line, out _);
        if (document?.RootElement.ValueKind != JsonValueKind.Object || !document.RootElement.TryGetProperty("healthy", out var value)
            || value.ValueKind is not (JsonValueKind.True or JsonValueKind.False))
            return false;

        healthy = value.GetBoolean();
        return true;
    }
}
