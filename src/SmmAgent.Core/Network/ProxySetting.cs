using SmmAgent.Contract;

namespace SmmAgent.Core.Network;

/// <summary>The proxy for one connection.</summary>
/// <param name="Address">Null for a direct connection.</param>
/// <param name="Error">Why the environment names no usable proxy; then no connection is made.</param>
public sealed record ProxyChoice(ProxyAddress? Address, string? Error)
{
    public static ProxyChoice Direct { get; } = new(null, null);
}

/// <summary>The setting <c>dashboard.proxy</c>.</summary>
/// <remarks>Settings are compared by the text: two URLs that differ in the password only are different settings.</remarks>
public sealed record ProxySetting
{
    public const string NoneWord = "none";
    public const string EnvironmentWord = "environment";

    private readonly string _text;

    private ProxySetting(string text) => _text = text;

    /// <summary>A direct connection, regardless of the environment.</summary>
    public static ProxySetting None { get; } = new(NoneWord);

    public bool IsNone => _text == NoneWord;

    /// <returns>The setting, or the reason why the text is not one.</returns>
    public static (ProxySetting? Value, string? Reason) Parse(string text)
    {
        if (text is NoneWord or EnvironmentWord)
            return (new(text), null);
        return ProxyAddress.Parse(text) is { Reason: { } reason }
            ? (null, text.Contains('@', StringComparison.Ordinal) ? $"the value {reason}"
                : $"'{NameRules.Shown(text)}' {reason}, {EnvironmentWord} or {NoneWord}")
            : (new(text), null);
    }

    /// <summary>The proxy for a URL.</summary>
    /// <param name="read">Reads an environment variable; null if it is not set.</param>
    public ProxyChoice For(Uri url, Func<string, string?> read)
    {
        if (IsNone)
            return ProxyChoice.Direct;
        if (_text != EnvironmentWord)
            return new(ProxyAddress.Parse(_text).Value, null);
        if (ProxyEnvironmentRules.Find(url, read) is not var (value, name))
            return ProxyChoice.Direct;

        // curl accepts a proxy without a scheme.
        var (address, reason) = ProxyAddress.Parse(value.Contains("://", StringComparison.Ordinal) ? value : $"http://{value}");
        return new(address, address is null ? $"the environment variable {name} {reason}" : null);
    }

    /// <summary>The user and the password in each form in which they may occur; empty without them.</summary>
    public IReadOnlyList<string> Secrets()
    {
        if (_text is NoneWord or EnvironmentWord || ProxyAddress.Parse(_text).Value is not { Credentials: { } credentials })
            return [];

        // The user info ends at the last @ in the text, and Uri may escape characters of it.
        var given = _text[(_text.IndexOf("://", StringComparison.Ordinal) + 3).._text.LastIndexOf('@')];
        string[] pairs = [given, new Uri(_text).UserInfo, Uri.UnescapeDataString(given)];
        var passwords = pairs.Select(pair => pair[(pair.IndexOf(':', StringComparison.Ordinal) + 1)..]);
        return [credentials["Basic ".Length..], .. pairs, .. passwords];
    }

    /// <summary>The setting without user and password.</summary>
    public override string ToString()
    {
        if (_text is NoneWord or EnvironmentWord)
            return _text;
        var proxy = ProxyAddress.Parse(_text).Value!;
        return $"http://{(proxy.Credentials is null ? "" : "[redacted]@")}{proxy}";
    }
}
