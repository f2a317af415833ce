using SmmAgent.Core.Settings;
using SmmAgent.Core.Tokens;
using SmmAgent.Linux.Files;

namespace SmmAgent.Linux.Dashboard.Tokens;

/// <summary>The bearer token. Its text form is redacted.</summary>
public sealed class BearerToken(string value)
{
    internal string Value => value;

    /// <summary>The claims in the token; null for an opaque token.</summary>
    public TokenClaims? Claims() => TokenClaims.Read(value);

    public override string ToString() => "[redacted]";

    public int Length => value.Length;
}

/// <summary>The result of reading the token files.</summary>
/// <param name="Token">The token; null when there is no usable token.</param>
/// <param name="Fault">Why there is no usable token, and the fix.</param>
/// <param name="Warning">A problem of the file although the token is usable, and the fix.</param>
public sealed record BearerTokenReading(BearerToken? Token, string? Fault, string? Warning)
{
    /// <summary>The error or the warning, without the fix.</summary>
    public string? Found { get; init; }

    /// <summary>The command that fixes the error; null when there is none.</summary>
    public string? Remediation { get; init; }

    /// <summary>The token of the operator; null when it is not usable.</summary>
    public BearerToken? Operators { get; init; }

    /// <summary>Whether the dashboard issued the token in exchange for the token of the operator.</summary>
    public bool IsRenewed => Token is not null && !ReferenceEquals(Token, Operators);

    /// <summary>Whether the file exists but this user may not read it.</summary>
    public bool IsForbidden { get; init; }
}

/// <summary>
/// The file that <c>set bearer-token</c> writes, and the renewed token, which is used when it is newer. Both are read for each request, so
/// that a new token is used immediately.
/// </summary>
/// <param name="path">The token of the operator.</param>
/// <param name="renewed">The renewed token; null when tokens are not renewed.</param>
/// <param name="time">The clock that decides whether a token has expired.</param>
public sealed class BearerTokenFile(string path, RenewedTokenFile? renewed = null, TimeProvider? time = null)
{
    // The renewed token that the dashboard refused although it has not expired.
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

    /// <summary>The token to present instead of a token that the dashboard refused: that of the operator, unless it has expired.</summary>
    /// <returns>Null when there is no other token. Then the refused token stays in use, and the dashboard's answer to it is the reason.
    /// </returns>
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
            var found = $"{path} cannot be read: {FileErrors.Reason(exception, path)}";
            return new(null, found, null) { Found = found };
        }
    }

    // Text around the token is not removed here, because the privileged reconcile, the daemon and curl must all see the same token.
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
