using System.Buffers.Text;
using System.Text.Json;
using SmmAgent.Contract;

namespace SmmAgent.Core.Tokens;

/// <summary>
/// The claims of a Kubernetes service account token. They are not verified: use them for warnings, never for decisions.
/// </summary>
public sealed record TokenClaims(string? Namespace, string? ServiceAccount, DateTimeOffset? NotBefore, DateTimeOffset? Expires)
{
    private const string Subject = "system:serviceaccount:";

    public IReadOnlyList<string> Audiences { get; private init; } = [];

    public DateTimeOffset? IssuedAt { get; private init; }

    /// <summary>The Secret that the token is bound to; null if it is not bound.</summary>
    public string? Secret { get; private init; }

    /// <summary>Decodes a JWT.</summary>
    /// <returns>Null for an opaque token.</returns>
    public static TokenClaims? Read(string token)
    {
        var parts = token.Split('.');
        if (parts.Length != 3 || parts[1].Length == 0 || !Base64Url.IsValid(parts[1]))
            return null;

        if (!StrictJson.TryObject(Base64Url.DecodeFromChars(parts[1]), out var claims))
            return null;

        var subject = Text(claims, "sub") is { } sub
            && sub.StartsWith(Subject, StringComparison.Ordinal) ? sub[Subject.Length..].Split(':') : [];
        return new TokenClaims(
            subject is [var name, _] ? name : null,
            subject is [_, var account] ? account : null,
            Time(claims, "nbf"),
            Time(claims, "exp"))
        {
            Audiences = Texts(claims, "aud"),
            IssuedAt = Time(claims, "iat"),
            Secret = Member(Member(claims, "kubernetes.io"), "secret") is { } secret ? Text(secret, "name") : null,
        };
    }

    /// <summary>Finds reasons why the dashboard will probably refuse the token.</summary>
    /// <param name="group">The WorkloadGroup's namespace; null when it is not set yet.</param>
    /// <param name="account">The WorkloadGroup's service account; null when it is not known.</param>
    public IEnumerable<TokenWarning> FindWarnings(string? group, string? account, DateTimeOffset now)
    {
        if (Expires <= now)
            yield return new($"the token expired at {TimeText.Format(Expires.Value)}: the dashboard will refuse it",
                MakeNew(group, account));
        if (NotBefore > now)
            yield return new(
                $"the token is not valid before {TimeText.Format(NotBefore.Value)}: this host's clock is late, or the token is for later");
        if (group is not null && Namespace is not null && Namespace != group)
            yield return new(
                $"the token is of the namespace '{NameRules.Shown(Namespace)}', but the WorkloadGroup's is '{group}': the "
                    + "dashboard will refuse it");
        else if (account is not null && ServiceAccount is not null && ServiceAccount != account)
            yield return new(
                $"the token is of the service account '{NameRules.Shown(ServiceAccount)}', but the WorkloadGroup's is '{account}': the "
                    + "dashboard will refuse it");
    }

    /// <summary>The command that makes a token.</summary>
    public static string MakeNew(string? group, string? account) =>
        $"kubectl create token -n {group ?? "NAMESPACE"} {account ?? "SERVICEACCOUNT"}";

    /// <summary>The command that makes a token like this one, for a year unless the cluster allows less.</summary>
    public string MakeAnother() =>
        MakeNew(Namespace is { } group && NameRules.Label(group) is null ? group : null,
            ServiceAccount is { } account && NameRules.Subdomain(account) is null ? account : null)
        + " --duration=8760h"
        + string.Concat(
            Audiences.Where(audience => audience.Length <= 253 && audience.All(c => char.IsAsciiLetterOrDigit(c) || ".:/_-".Contains(c)))
            .Take(4).Select(audience => $" --audience={audience}"))
        + (Secret is { } secret && NameRules.Subdomain(secret) is null ? $" --bound-object-kind=Secret --bound-object-name={secret}" : "");

    private static JsonElement? Member(JsonElement? parent, string name) =>
        parent is { ValueKind: JsonValueKind.Object } found && found.TryGetProperty(name, out var member)
        && member.ValueKind == JsonValueKind.Object ? member : null;

    private static string? Text(JsonElement claims, string name) =>
        claims.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private static List<string> Texts(JsonElement claims, string name)
    {
        if (!claims.TryGetProperty(name, out var value))
            return [];
        IEnumerable<JsonElement> items = value.ValueKind == JsonValueKind.Array ? value.EnumerateArray() : [value];
        return items.Where(item => item.ValueKind == JsonValueKind.String).Select(item => item.GetString()!).ToList();
    }

    private static DateTimeOffset? Time(JsonElement claims, string name) =>
        claims.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out var seconds)
            && seconds is > 0 and < 253_402_300_799
            ? DateTimeOffset.FromUnixTimeSeconds((long)seconds)
            : null;
}

/// <summary>A reason why the dashboard will probably refuse a token.</summary>
/// <param name="New">The command that creates another token, if that is the only action to take.</param>
public sealed record TokenWarning(string Found, string? New = null)
{
    public override string ToString() => New is null ? Found : $"{Found}; make a new one: {New}";
}
