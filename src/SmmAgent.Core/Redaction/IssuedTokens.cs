namespace SmmAgent.Core.Redaction;

/// <summary>
/// Finds keys and tokens with a distinctive prefix, which can be found anywhere, and hashes of passwords.
/// </summary>
internal static class IssuedTokens
{
    // The prefix, and the minimum number of characters after it.
    private static readonly (string Begin, int AtLeast)[] Known =
    [
        // AWS: access keys, and temporary ones. Their secret half has no distinctive form and is found by its name.
        ("AKIA", 16), ("ASIA", 16), ("ABIA", 16), ("ACCA", 16),
        // Google: API keys, access tokens, client secrets, refresh tokens.
        ("AIza", 30), ("ya29.", 16), ("GOCSPX-", 16), ("1//0", 24),
        // GitHub, GitLab, Bitbucket, Atlassian.
        ("ghp_", 20), ("gho_", 20), ("ghu_", 20), ("ghs_", 20), ("ghr_", 20), ("github_pat_", 20), ("glpat-", 16), ("gldt-", 16),
            ("glrt-", 16),
        ("ATBB", 24), ("ATATT3", 24),
        // Registries and package feeds.
        ("npm_", 24), ("pypi-", 24), ("dckr_pat_", 16), ("oy2", 40),
        // Vault, Terraform, Doppler, Tailscale, age.
        ("hvs.", 16), ("hvb.", 16), ("hvr.", 16), ("atlasv1.", 16), ("dp.pt.", 16), ("dp.st.", 16), ("tskey-", 16),
            ("AGE-SECRET-KEY-1", 16),
        // Chat, mail, payment.
        ("xoxa-", 10), ("xoxb-", 10), ("xoxe.", 10), ("xoxp-", 10), ("xoxr-", 10), ("xoxs-", 10), ("xapp-", 10),
            ("hooks.slack.com/services/", 10), ("SG.", 30),
        ("sk_live_", 10), ("sk_test_", 10), ("rk_live_", 10), ("rk_test_", 10), ("whsec_", 16), ("shpat_", 16), ("sq0csp-", 16),
        // Observability and platforms.
        ("glsa_", 16), ("glc_", 16), ("NRAK-", 16), ("dop_v1_", 16), ("dapi", 32), ("hf_", 24), ("sk-ant-", 16), ("sk-proj-", 16),
            ("sk-", 32),
        // crypt(3), htpasswd, Argon2.
        ("$1$", 8), ("$2a$", 8), ("$2b$", 8), ("$2y$", 8), ("$5$", 8), ("$6$", 8), ("$y$", 8), ("$gy$", 8), ("$7$", 8), ("$apr1$", 8),
            ("$argon2", 8),
        ("$pbkdf2", 8),
    ];

    public static void Mark(string text, bool[] hidden)
    {
        foreach (var (begin, atLeast) in Known)
            Mark(text, begin, atLeast, hidden);
        AzureSecrets(text, hidden);
    }

    private static void Mark(string text, string begin, int atLeast, bool[] hidden)
    {
        var next = 0;
        for (var at = text.IndexOf(begin, StringComparison.Ordinal); at >= 0; at = text.IndexOf(begin, next, StringComparison.Ordinal))
        {
            next = at + begin.Length;
            if (at > 0 && (char.IsAsciiLetterOrDigit(text[at - 1]) || text[at - 1] is '_') && begin[0] is not '$')
                continue;

            var end = next;
            while (end < text.Length
                && (char.IsAsciiLetterOrDigit(text[end]) || text[end] is '_' or '-' or '.' or '/' or '+' or '=' or '$' or ','))
                end++;
            if (end - next >= atLeast)
                hidden.AsSpan(at..end).Fill(true);
            next = end;
        }
    }

    // Three characters, a digit, "Q~" and 34 more.
    private static void AzureSecrets(string text, bool[] hidden)
    {
        const string Mark = "Q~";
        var next = 0;
        for (var at = text.IndexOf(Mark, StringComparison.Ordinal); at >= 0; at = text.IndexOf(Mark, next, StringComparison.Ordinal))
        {
            next = at + Mark.Length;
            while (next < text.Length && (char.IsAsciiLetterOrDigit(text[next]) || text[next] is '_' or '-' or '.' or '~'))
                next++;
            if (at >= 4 && char.IsAsciiDigit(text[at - 1]) && next - at >= 32)
                hidden.AsSpan((at - 4)..next).Fill(true);
        }
    }
}
