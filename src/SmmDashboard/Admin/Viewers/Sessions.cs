using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using SmmDashboard.Access;

namespace SmmDashboard.Admin.Viewers;

/// <summary>
/// The sessions of browsers. A session has the bearer token that was entered; the browser has a random cookie only. Both exist in memory
/// only, so a session ends with the process.
/// </summary>
public sealed class Sessions(TimeProvider clock)
{
    public const string CookieName = "smm-dashboard-session";

    /// <summary>The maximum number of sessions. The oldest one ends when there are more.</summary>
    public const int MaximumSessions = 1_000;

    /// <summary>The maximum number of sessions of one token, so that a viewer cannot end the sessions of the others.</summary>
    public const int MaximumSessionsPerToken = 20;

    /// <summary>How long a session lasts at most. It never outlasts its token.</summary>
    public static readonly TimeSpan Lifetime = TimeSpan.FromHours(8);

    private const int IdBytes = 32;

    private readonly Lock _lock = new();
    private readonly Dictionary<string, (PresentedToken Token, DateTimeOffset Begun)> _sessions = [];

    public int Count
    {
        get
        {
            lock (_lock)
                return _sessions.Count;
        }
    }

    /// <returns>The value of the cookie.</returns>
    public string Begin(PresentedToken token)
    {
        var id = Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(IdBytes));
        lock (_lock)
        {
            var now = clock.GetUtcNow();
            foreach (var over in _sessions.Where(session => IsOver(session.Value, now)).Select(session => session.Key).ToList())
                _sessions.Remove(over);
            var own = _sessions.Where(session => session.Value.Token.Sha256.AsSpan().SequenceEqual(token.Sha256)).ToList();
            if (own.Count >= MaximumSessionsPerToken)
                _sessions.Remove(own.MinBy(session => session.Value.Begun).Key);
            else if (_sessions.Count >= MaximumSessions)
                _sessions.Remove(_sessions.MinBy(session => session.Value.Begun).Key);
            // The hash is the key, so that the time of a look-up says nothing of a valid cookie.
            _sessions[Hash(id)] = (token, now);
        }

        return id;
    }

    public PresentedToken? Find(string? id)
    {
        if (id is not { Length: > 0 and <= 64 })
            return null;

        lock (_lock)
            return _sessions.TryGetValue(Hash(id), out var session) && !IsOver(session, clock.GetUtcNow()) ? session.Token : null;
    }

    public void End(string? id)
    {
        if (id is not { Length: > 0 and <= 64 })
            return;

        lock (_lock)
            _sessions.Remove(Hash(id));
    }

    private static bool IsOver((PresentedToken Token, DateTimeOffset Begun) session, DateTimeOffset now) =>
        now - session.Begun >= Lifetime || session.Token.ExpiresAt <= now;

    private static string Hash(string id) => Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(id)));
}
