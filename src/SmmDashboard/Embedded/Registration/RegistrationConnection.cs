using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using SmmAgent.Contract;
using SmmDashboard.Groups;
using SmmDashboard.Http;

namespace SmmDashboard.Embedded.Registration;

/// <summary>The connection of one sidecar: a request line, a reply line, then lines with its health until it disconnects.</summary>
/// <param name="stream">The connection.</param>
/// <param name="service">Decides about the registration.</param>
/// <param name="entries">Contains a granted entry.</param>
/// <param name="takeSlot">Takes a slot for a sidecar of the group; null when there is none.</param>
/// <param name="clock">The clock.</param>
public sealed class RegistrationConnection(
    SslStream stream, RegistrationService service, RegisteredEntries entries, Func<GroupId, object?> takeSlot, TimeProvider clock)
{
    public const int MaximumLine = 16 * 1024;

    // Usually a probe result arrives every few seconds. The rate stops a client that sends too many lines.
    private static readonly Rate HealthLines = new(20, 1);

    private readonly LineReader _lines = new(stream, MaximumLine);

    /// <summary>Reads the request and replies.</summary>
    /// <returns>The entry that the connection holds; null when the connection must end.</returns>
    public async Task<RegisteredEntry?> RegisterAsync(CancellationToken cancellationToken)
    {
        if (await _lines.ReadAsync(cancellationToken) is not { } line)
            return null;

        var request = RegistrationRequest.Read(line);
        var presented = stream.RemoteCertificate is X509Certificate2 certificate ? SidecarAuthority.ReadIdentity(certificate) : null;
        var (reply, entry) = request.Value is { } asked
            ? service.Register(asked, presented)
            : (RegistrationReply.Refused(RegistrationReply.RequestInvalid, string.Join("; ", request.Errors)), null);
        if (entry is not null && takeSlot(entry.Group) is null)
        {
            entries.Disconnect(entry);
            reply = RegistrationReply.Refused(
                RegistrationReply.TooMany, "the dashboard has too many registered sidecars of this WorkloadGroup or client address");
            entry = null;
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

    /// <summary>Reads the health of the sidecar until it disconnects or violates the protocol.</summary>
    public async Task FollowAsync(RegisteredEntry entry, CancellationToken cancellationToken)
    {
        try
        {
            var rate = new TokenBucket(HealthLines, clock.GetTimestamp());
            while (await _lines.ReadAsync(cancellationToken) is { } line
                && rate.TryTake(clock, out _) && TryReadHealth(line, out var healthy))
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
