using System.Text;
using System.Text.Json;
using SmmAgent.Cli;
using SmmAgent.Cli.Output;
using SmmAgent.Core.Firewall.Planning;
using SmmAgent.Core.Redaction;
using SmmAgent.Core.Settings;
using SmmAgent.Core.Status;
using SmmAgent.Core.Time;
using SmmAgent.Core.Tokens;
using SmmAgent.Core.Yaml;
using SmmAgent.Fuzz.Engine;
using SmmAgent.Host;
using SmmAgent.Host.Status;

namespace SmmAgent.Fuzz.Targets;

/// <summary>Input of an operator: agent.yaml, a token, the command line, and text that contains secrets.</summary>
internal static class SettingsTargets
{
    private const string Jwt =
        "eyJhbGciOiJSUzI1NiJ9.eyJhdWQiOlsic21tLWRhc2hib2FyZCJdLCJleHAiOjE5MDAwMDAwMDAsImlhdCI6MTcwMDAwMDAwMCwi"
        + "c3ViIjoic3lzdGVtOnNlcnZpY2VhY2NvdW50OnZtOmRlZmF1bHQifQ.c2ln";

    private static readonly string[] YamlWords =
    [
        "dashboard:", "url:", "caFile:", "workloadGroup:", "namespace:", "node:", "ip:", "addressProviders:", "firewall:",
        "managementPorts:", "sidecar:", "restartWindow:", "uuid:", "auto",
        "\n  ", "\n- ", ": ", " #", "{a: b}", "[a, b]", "'", "\"", "|-\n  ", ">\n ", "&a ", "*a", "!!str ", "? ", "%YAML 1.1\n", "---\n",
        "...\n", "\t", "\r\n", "\ufeff", "Sun 02:00-04:00", "manage",
    ];

    private static readonly SettingChange[] Changes =
    [
        new("dashboard", "url", "https://dashboard.example.com/x#y"), new("workloadGroup", "name", "no"), new("node", "ip", "2001:db8::1"),
        new("", "uuid", "5b9c1f1e-8a2d-4a7e-9a53-0d3f4f6f7a11", IsBare: true),
        new("workloadGroup", "namespace", "1e3"), new("sidecar", "mode", "off"),
    ];

    public static IReadOnlyList<FuzzTarget> List { get; } =
    [
        FuzzTarget.FromBytes(
            "agent-yaml", Yaml,
            "dashboard: {url: https://a.example.com}\nworkloadGroup:\n  namespace: vm\n  name: \"a\" # b\nnode:\n  ip: auto\nfirewall:\n "
            + " managementPorts: [16400, 16401]\n") with { Words = YamlWords },
        FuzzTarget.FromBytes(
            "agent-yaml-edit", Edit,
            "dashboard:\n  url: https://a.example.com\n\n# c\nworkloadGroup: {namespace: vm, name: 'x'}\nnode:\n  ip: auto",
            "\ufeffuuid: x\r\nsidecar:\r\n  mode: off\r\n", "dashboard:\n") with { Words = YamlWords, MaximumBytes = 8 * 1024,
            MaximumAllocation = 256L << 20 },
        FuzzTarget.FromBytes("token", Token, Jwt, $"Bearer {Jwt}\n", Convert.ToBase64String(Encoding.UTF8.GetBytes(Jwt)),
            $$$"""{"apiVersion":"v1","kind":"Secret","data":{"token":"{{{Convert.ToBase64String(Encoding.UTF8.GetBytes(Jwt))}}}"}}""",
            $"apiVersion: authentication.k8s.io/v1\nkind: TokenRequest\nstatus:\n  token: {Jwt}\n", "'abc'",
            "opaque-token_0123456789") with { Words = ["Bearer ", "Authorization: ", "token:", "data:", "kind: Secret\n", "status:", ".",
                "==", "\r\n", "\ufeff", "%", "\"", "'"] },
        FuzzTarget.FromText(
            "token-claims", Claims,
            """{"sub":"system:serviceaccount:vm:default","aud":["a","b"],"exp":1900000000,"iat":1700000000.5,"nbf":0,"kubernetes.io":{"namespace":"vm","secret":{"name":"s","uid":"u"}}}""",
            """{"aud":"istio-ca","exp":1e300}""") with { Words = [
                "\"exp\":", "\"aud\":", "system:serviceaccount:", "253402300799", "\\ud800", "; rm -rf", "\\u202e"] },
        FuzzTarget.FromText(
            "redaction", Redaction,
            $"Authorization: Bearer {Jwt}\nurl=https://user:pass@host/?X-Amz-Signature=abc&sig=1\nMYKEY=abc DB_PW='x y' "
            + $"HTTP_AUTH=\"Basic dTpw\"", "-----BEGIN PRIVATE KEY-----\nMIIB\n-----END PRIVATE KEY-----",
            "token: abc\npassword = \"a\\\"b\"") with
            { Words = ["password=", "token:", "Bearer ", "Basic ", "://u:p@", "-----BEGIN RSA PRIVATE KEY-----", "-----END", "AKIA",
                "secret\":\"", "\\\"", "key"], MaximumBytes = 8 * 1024 },
        FuzzTarget.FromText(
            "command-line", CommandLine, "set\0dashboard-url\0https://a", "check\0--output\0json",
            "reconcile\0--dry-run\0--confirm-within\05m", "support-bundle\0--since\0-x", "detach\0@file\0--help") with { MaximumBytes = 512,
            Words = ["\0", "--", "-", "=", "set", "status", "--output", "json", "@", "[", "]", ":"] },
        FuzzTarget.FromText("small-words", Words, "Sun 02:00-04:00", "5m", "90s", "1h30m", "Tue 23:59-00:00") with { MaximumBytes = 64 },
        FuzzTarget.FromBytes(
            "status-json", Status,
            """{"agent":{"version":"0.1.0","uuid":null},"workloadGroup":{"namespace":"a","name":"b"},"updatedAt":"2026-11-28T00:00:00Z","network":{"model":"Same"},"address":{"value":"1.2.3.4","source":"route"},"conditions":[{"type":"PortsOpen","status":"True","reason":"Open","message":"m","lastTransitionTime":"2026-11-28T00:00:00Z"}],"gateways":[],"ports":[],"sidecar":null}"""),
        FuzzTarget.FromText(
            "undo", SnapshotFile,
            "smm-agent undo 1\nchain iptables\nrule -A INPUT -p tcp --dport 22 -j ACCEPT\nzone public\nopen 16400 any\nopen 8080 "
            + "10.0.0.0/8\nrunning smm-agent.service\n") with { Words = [
                "\nchain ", "\nrule ", "\nzone ", "\nopen ", "\nrunning ", " any"] },
    ];

    private static void Yaml(byte[] bytes)
    {
        var read = SettingsReader.Read(bytes);
        ContractTargets.Lines(read.Errors);
        ContractTargets.Lines(read.Warnings);
        PropertyException.Unless(read.Settings is null == read.Errors.Count > 0, "there are settings or faults");
        if (read.Settings is { } settings)
        {
            foreach (var (key, value) in SettingsTable.Rows(settings))
                PropertyException.UnlessLine($"{key} {value}", "a row of the settings");
        }
    }

    private static void Edit(byte[] file)
    {
        // One of them for each input: each costs several readings.
        foreach (var change in Changes.Skip(file.Length % Changes.Length).Take(1))
        {
            var edited = SettingsEdit.Apply(file, [change]);
            ContractTargets.Lines(edited.Refusals);
            ContractTargets.Lines(edited.Others);
            if (edited.Content is not { } content)
                continue;

            var again = SettingsEdit.Apply(content, [change]);
            PropertyException.Unless(
                again.Content is { } same && same.AsSpan().SequenceEqual(content), "the same edit once more changes nothing");
            // One place changes: the bytes before and after it are unchanged.
            var before = file.AsSpan().CommonPrefixLength(content);
            var behind = 0;
            while (behind < Math.Min(file.Length, content.Length) - before && file[^(behind + 1)] == content[^(behind + 1)])
                behind++;
            var taken = Encoding.UTF8.GetString(file.AsSpan(before, file.Length - before - behind));
            PropertyException.Unless(taken.Split('\n').Length <= 12 || taken.Length < 400,
                $"an edit takes out no more than a value: {taken.ReplaceLineEndings("\\n")}");
            var (was, now) = (SettingsReader.Read(file), SettingsReader.Read(content));
            if (was.Settings is not null)
                PropertyException.Unless(now.Settings is not null, "a file that was valid stays valid");
        }
    }

    private static void Token(byte[] bytes)
    {
        var read = TokenText.Parse(bytes);
        PropertyException.Unless((read.Refusal is null) != (read.Token is null), "there is a token or a refusal");
        PropertyException.UnlessLine(read.Refusal, "the refusal of a token");
        if (read.Token is { } token)
        {
            PropertyException.Unless(
                token.Length > 0 && token.All(c => c is > ' ' and <= '~'), "a token has no blank and no control character");
            _ = TokenClaims.Read(token);
        }
    }

    private static void Claims(string json)
    {
        var token = $"e30.{System.Buffers.Text.Base64Url.EncodeToString(Encoding.UTF8.GetBytes(json))}.x";
        if (TokenClaims.Read(token) is not { } claims)
            return;
        var command = claims.MakeAnother();
        PropertyException.Unless(command.All(c => char.IsAsciiLetterOrDigit(c) || " -=.:/_".Contains(c)),
            $"a command that is shown has nothing that a shell obeys: {command}");
        foreach (var doubt in claims.FindWarnings("vm", "default", DateTimeOffset.UnixEpoch))
            PropertyException.Unless(!doubt.ToString().Any(char.IsControl), "a doubt is one line");
        _ = TokenFacts.From(claims).Finding(DateTimeOffset.UnixEpoch, new TokenRenewal(RenewalStatus.NotOffered));
    }

    private static readonly Redactor Redactor = new(new KnownSecrets(["s3cr3t-0123456789", "short"]));

    private static void Redaction(string text)
    {
        var redacted = Redactor.Redact(text);
        PropertyException.Unless(!redacted.Contains("s3cr3t-0123456789", StringComparison.Ordinal), "a known secret is gone");
        PropertyException.Unless(redacted.Length <= (text.Length * 11) + 11, "the text grows no more than by its marks");
    }

    private static void CommandLine(string text)
    {
        var parsed = AgentCommandLine.Parse(text.Split('\0'));
        if (UsageErrors.Format(parsed) is { } error)
            PropertyException.Unless(!error.Contains('\e', StringComparison.Ordinal), "a usage error has no escape");
    }

    private static void Words(string text)
    {
        if (RestartWindow.Parse(text) is { } window)
            _ = (window.IsOpen(DateTimeOffset.UnixEpoch, TimeZoneInfo.Utc), window.NextOpening(DateTimeOffset.UnixEpoch, TimeZoneInfo.Utc));
        var (value, why) = ConfirmWindow.Parse(text);
        PropertyException.Unless(
            value is null || (value >= ConfirmWindow.Shortest && value <= ConfirmWindow.Longest), "a window is in range");
        PropertyException.UnlessLine(why, "the refusal of a window");
    }

    private static void Status(byte[] bytes)
    {
        AgentStatus? status;
        try
        {
            status = StatusReader.Parse(bytes);
        }
        catch (JsonException)
        {
            return;
        }

        if (status is not null)
            PropertyException.Unless(!new StatusText(status, "vm", DateTimeOffset.UnixEpoch, new OutputStyle(), isVerbose: true).Write()
                .Contains('\e', StringComparison.Ordinal), "a status has no escape");
    }

    private static void SnapshotFile(string text)
    {
        if (FirewallSnapshot.Read(Encoding.UTF8.GetBytes(text)) is not { } snapshot)
            return;
        var written = snapshot.Write();
        PropertyException.Unless(FirewallSnapshot.Read(written)?.Write().AsSpan().SequenceEqual(written) == true,
            "a snapshot is read as it was written");
        foreach (var open in snapshot.Zones.Values.SelectMany(zone => zone))
            PropertyException.Unless(open.Port is >= 0 and <= 65535,
                "an opening has a port");
    }
}
