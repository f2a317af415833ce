using SmmAgent.Core.Settings;
using SmmAgent.Core.Tokens;
using SmmAgent.Linux.Files;

namespace SmmAgent.Linux.Dashboard.Tokens;

/// <summary>The bearer token. It prints itself as nothing.</summary>
public sealed class BearerToken(string value)
{
    internal string Value => value;

    /// <summary>What it says of itself; null for an opaque one.</summary>
    public TokenClaims? Claims() => TokenClaims.Read(value);

    public override string ToString() => "[redacted]";

    public int Length => value.Length;
}

/// <summary>What was found where the token should be.</summary>
/// <param name="Token">The token; null when there is none that can be used.</param>
/// <param name="Fault">Why there is none, and the cure.</param>
/// <param name="Warning">What is wrong with the file although the token can be used.</param>
public sealed record BearerTokenReading(BearerToken? Token, string? Fault, string? Warning)
{
    /// <summary>The fault or the warning, without its cure.</summary>
    public string? Found { get; init; }

    /// <summary>The command that cures it; null where there is none.</summary>
    public string? Remediation { get; init; }

    /// <summary>The operator's token; null when there is none that can be used.</summary>
    public BearerToken? Operators { get; init; }

    /// <summary>Whether the token is one that the dashboard made from the operator's.</summary>
    public bool IsRenewed => Token is not null && !ReferenceEquals(Token, Operators);

    /// <summary>Whether there is a file that this user may not read.</summary>
    public bool IsForbidden { get; init; }
}

/// <summary>
/// The file that <c>set bearer-token</c> writes, and the token that was made from it where that one is newer. They are read at each
/// request, so that a new token is used at once.
/// </summary>
/// <param name="path">The operator's.</param>
/// <param name="renewed">Null where none is renewed.</param>
/// <param name="time">Says whether a renewed one is over.</param>
public sealed class BearerTokenFile(string path, RenewedTokenFile? renewed = null, TimeProvider? time = null)
{
    // What the dashboard refused although its own time was not over.
    private volatile string? _refused;

    /// <summary>The largest token, in bytes (16 KiB).</summary>
    public const int MaximumBytes = 16 * 1024;

    private const string Set = "sudo smm-agent set bearer-token --stdin";

    /// <summary>The tokens of this host.</summary>
    public static BearerTokenFile From(AgentPaths paths, TimeProvider time) =>
        new(paths.BearerToken, new RenewedTokenFile(paths.RenewedToken), time);

    public BearerTokenReading Read()
    {
        var reading = ReadOperators();
        return reading.Token is { } operators && renewed?.Read(operators) is { } newer && newer.Value != _refused
            && TokenRenewal.GoesBefore(newer.Claims(), operators.Claims(), Now)
                ? reading with { Token = newer, Operators = operators }
                : reading with { Operators = reading.Token };
    }

    /// <summary>What to present instead of a token that the dashboard refused: the operator's, where that one is not over.</summary>
    /// <returns>Null when there is nothing else; then the token stays in use, and what the dashboard said of it is the reason.</returns>
    internal BearerToken? Instead(BearerToken refused)
    {
        if (Read() is not { IsRenewed: true, Token: { } token, Operators: { } operators } || token.Value != refused.Value
            || operators.Claims()?.Expires <= Now)
            return null;

        _refused = token.Value;
        return operators;
    }

    private DateTimeOffset Now => (time ?? TimeProvider.System).GetUtcNow();

    private BearerTokenReading ReadOperators()
    {
        try
        {
            return AtomicFile.ReadLimited(path, MaximumBytes) is { } bytes
                ? Check(TokenText.Parse(bytes))
                : Missing($"there is no bearer token in {path}", Set, "set it");
        }
        catch (InvalidDataException)
        {
            return Missing($"the content of {path} is larger than {MaximumBytes} bytes, so it is no token", Set, "set it");
        }
        catch (UnauthorizedAccessException)
        {
            if (ReadDenial.ForThisProcess(path) is { } refusal)
                return new(null, refusal.ToString(), null) { Found = refusal.Found, Remediation = refusal.Remediation, IsForbidden = true };
            const string Owner = "its owner and mode should be root:smm-agent 0640";
            var found = $"{path} may not be read by this user";
            return new(null, $"{found}; {Owner}", null) { Found = found, IsForbidden = true };
        }
        catch (IOException exception)
        {
            var found = $"{path} cannot be read: {exception.Message}";
            return new(null, found, null) { Found = found };
        }
    }

    // What is around the token is not taken away here: root's part, the daemon and the operator's own curl see the same file.
    private BearerTokenReading Check(TokenText text) => text switch
    {
        { Refusal: { } refusal } => Missing($"the content of {path} {refusal}", Set, "set the token"),
        { Wrapping: { } wrapping } =>
            Missing($"{path} does not hold the token itself ({wrapping})", $"sudo smm-agent set bearer-token --file {path}", "unwrap it"),
        _ => Usable(new BearerToken(text.Token!)),
    };

    private BearerTokenReading Usable(BearerToken token)
    {
        if ((File.GetUnixFileMode(path) & (UnixFileMode.OtherRead | UnixFileMode.OtherWrite)) == 0)
            return new(token, null, null);

        var found = $"{path} is open to every user of this host";
        return new(token, null, $"{found}; do: sudo chmod 0640 {path}") { Found = found };
    }

    private static BearerTokenReading Missing(string found, string remediation, string instruction) =>
        new(null, $"{found}; {instruction}: {remediation}", null) { Found = found, Remediation = remediation };
}
