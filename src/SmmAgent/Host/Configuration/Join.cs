using System.Text;
using SmmAgent.Contract;
using SmmAgent.Core.Network;
using SmmAgent.Core.Settings;
using SmmAgent.Core.Yaml;
using SmmAgent.Linux.Dashboard;
using SmmAgent.Linux.Dashboard.Tokens;
using SmmAgent.Linux.Files;
using SmmAgent.Linux.State;

namespace SmmAgent.Host.Configuration;

/// <summary><c>smm-agent join</c>: writes the settings of a new VM. Everything is validated before anything is written.</summary>
internal sealed class Join(AgentPaths paths, Progress progress, TimeProvider time, bool isPrivileged)
{
    private const UnixFileMode ReadableByAll =
        UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead;
    private const int MaximumProxyBytes = 4096;
    private const string Unchanged = "nothing was changed; see: smm-agent join --help";

    public async Task<int> RunAsync(JoinOptions options, CancellationToken cancel)
    {
        if (options.ProxyFile is not null)
        {
            var (proxy, problem) = ReadProxy(options);
            if (proxy is null)
                return Refuse(problem!);
            options = options with { Proxy = proxy };
        }

        if (Validate(options) is { } error)
            return Refuse(error);
        if (FindConflict(options) is { } conflict)
            return Refuse(conflict);

        // The file may be a pipe, so it is read once.
        var setToken = new SetBearerToken(paths, progress, time, isPrivileged);
        if (setToken.Read(TokenSource.File(options.TokenFile) with { Advice = Unchanged }) is not { } token)
            return ExitCode.Usage;

        if (options.CaFile is { } file && FindCaFault(file) is { } fault)
            return Refuse($"--ca-file: {fault}");
        var (authority, failure) = await ReadAuthorityAsync(options, cancel);
        if (failure is not null)
        {
            progress.Failed($"{failure}; nothing was changed");
            return ExitCode.Failed;
        }

        // The daemon must not send the token of the former dashboard to the new one.
        byte[]? former = null;
        if (HasAnotherDashboard(options) && TakeToken(out former) is var taken && taken != ExitCode.Done)
            return taken;
        var written = Write(options, authority);
        if (written != ExitCode.Done && former is not null)
            new FileChange(progress, isPrivileged).Run(paths.BearerToken, () => WriteToken(former));
        return written == ExitCode.Done ? setToken.Write(token) : written;
    }

    private static (string? Proxy, string? Problem) ReadProxy(JoinOptions options)
    {
        if (options.Proxy is not null)
            return (null, "--proxy and --proxy-file cannot be combined");
        try
        {
            return (Encoding.UTF8.GetString(UserFile.Read(options.ProxyFile!, MaximumProxyBytes)).Trim(), null);
        }
        catch (Exception exception) when (FileErrors.IsExpected(exception))
        {
            return (null, $"--proxy-file: {FileErrors.Reason(exception)}");
        }
    }

    private bool HasAnotherDashboard(JoinOptions options) =>
        SettingsFile.TryLoad(paths.Settings).Reading.Readable.DashboardUrl is { } url && url != new Uri(options.Url);

    /// <summary>Removes the bearer token.</summary>
    private int TakeToken(out byte[]? token)
    {
        byte[]? found = null;
        var result = new FileChange(progress, isPrivileged).Run(paths.BearerToken, () =>
        {
            found = AtomicFile.ReadLimited(paths.BearerToken, BearerTokenFile.MaximumBytes);
            File.Delete(paths.BearerToken);
            return ExitCode.Done;
        });
        token = found;
        return result;
    }

    private int WriteToken(byte[] token)
    {
        new ConfigFile(paths.BearerToken).Write(token, isSecret: true);
        return ExitCode.Done;
    }

    private int Write(JoinOptions options, string? authority)
    {
        var caFile = paths.DashboardAuthority;
        if (authority is not null
            && new FileChange(progress, isPrivileged).Run(caFile, () => WriteAuthority(caFile, authority)) is var wrote
            && wrote != ExitCode.Done)
            return wrote;

        return new SettingsWriter(paths.Settings, progress, time, isPrivileged)
            .Set("configuration", [.. Changes(options, authority is null ? null : caFile), .. Removals(options, authority is not null)]);
    }

    private static string? Validate(JoinOptions options)
    {
        if (SettingsRules.DashboardUrl(options.Url, allowPlaintext: true) is { } url)
            return url;
        var dashboard = new Uri(options.Url);
        var isPlain = dashboard.Scheme == Uri.UriSchemeHttp;
        if (isPlain && !options.AllowPlaintext)
        {
            return $"'{dashboard.GetLeftPart(UriPartial.Authority)}' would send the bearer token in clear text; use https, or accept the "
                + "risk with --allow-plaintext";
        }

        if (isPlain && (options.CaFile ?? options.CaSha256) is not null)
            return "--ca-file and --ca-sha256 need an https URL";
        if (options is { CaFile: not null, CaSha256: not null })
            return "--ca-file and --ca-sha256 cannot be combined";
        if (options.CaSha256 is { } pin && SettingsRules.Sha256(pin.Replace(":", "", StringComparison.Ordinal)) is { } badPin)
            return $"--ca-sha256: {badPin}";
        if (options.WorkloadGroup.Split('/') is not [var @namespace, var name])
            return $"--workload-group '{NameRules.Shown(options.WorkloadGroup)}' is not NAMESPACE/NAME, for example "
                + "vm-integration/analytics-v0";
        return NameRules.Label(@namespace) is { } badNamespace ? $"--workload-group: the namespace {badNamespace}"
            : NameRules.Subdomain(name) is { } badName ? $"--workload-group: the name {badName}"
            : options.NodeIp is { } ip && SettingsRules.NodeIp(ip) is { } badIp ? $"--node-ip: {badIp}"
            : options.Proxy is { } proxy && SettingsRules.Proxy(proxy) is { } badProxy ? $"--proxy: {badProxy}"
            : null;
    }

    /// <summary>Why the present configuration is kept; null if it has no other dashboard and no other WorkloadGroup.</summary>
    private string? FindConflict(JoinOptions options)
    {
        var present = SettingsFile.TryLoad(paths.Settings).Reading.Readable;
        var changes = new List<string>();
        if (present.DashboardUrl is { } url && url != new Uri(options.Url))
            changes.Add($"dashboard.url from {Shown(url)} to {Shown(new(options.Url))}");
        var group = $"{present.Namespace}/{present.Name}";
        if (present is { Namespace: not null, Name: not null } && group != options.WorkloadGroup)
            changes.Add($"workloadGroup from {group} to {options.WorkloadGroup}");
        if (changes.Count == 0)
            return null;

        var message = $"would change {string.Join(" and ", changes)}";
        if (!options.Replace)
            return $"this VM is configured already, and join {message}; if that is intended, detach the VM first, and add --replace";

        progress.Warn($"--replace: join {message}");
        return null;
    }

    private async Task<(string? Pem, string? Failure)> ReadAuthorityAsync(JoinOptions options, CancellationToken cancel)
    {
        if (options.CaSha256 is { } pin)
        {
            var sha256 = pin.Replace(":", "", StringComparison.Ordinal);
            var proxy = options.Proxy is { } text ? ProxySetting.Parse(text).Value!
                : SettingsFile.TryLoad(paths.Settings).Reading.Readable.Proxy;
            return await PinnedAuthority.FetchAsync(new(options.Url), sha256, proxy, cancel);
        }

        if (options.CaFile is not { } given)
            return (null, null);

        return (await File.ReadAllTextAsync(given, cancel), null);
    }

    private static string? FindCaFault(string given)
    {
        if (UserFile.Fault(given) is { } unreadable)
            return unreadable;
        var path = Path.GetFullPath(given);
        // The copy is readable by every user.
        return CaFile.Fault(path)
            ?? (File.ReadAllText(path).Contains("PRIVATE KEY", StringComparison.Ordinal)
                ? $"{path} contains a private key: use a file with the certificate only" : null);
    }

    private int WriteAuthority(string caFile, string authority)
    {
        new ConfigFile(caFile).MakeFolder();
        var isSame = File.Exists(caFile) && File.ReadAllText(caFile) == authority;
        if (!isSame)
            AtomicFile.Write(caFile, authority, ReadableByAll);
        progress.Done($"certificate authority is {(isSame ? "unchanged" : "set")} file={caFile}");
        return ExitCode.Done;
    }

    private static IEnumerable<SettingChange> Changes(JoinOptions options, string? caFile)
    {
        yield return new("dashboard", "url", options.Url);
        if (new Uri(options.Url).Scheme == Uri.UriSchemeHttp)
            yield return new("dashboard", "allowPlaintext", "true", IsBare: true);
        if (caFile is not null)
            yield return new("dashboard", "caFile", caFile);
        if (options.Proxy is { } proxy)
            yield return new("dashboard", "proxy", proxy);
        var group = options.WorkloadGroup.Split('/');
        yield return new("workloadGroup", "namespace", group[0]);
        yield return new("workloadGroup", "name", group[1]);
        if (options.NodeIp is { } ip)
            yield return new("node", "ip", ip);
    }

    /// <summary>The settings of the former dashboard that the options do not replace.</summary>
    private IEnumerable<SettingChange> Removals(JoinOptions options, bool hasAuthority)
    {
        var present = SettingsFile.TryLoad(paths.Settings).Reading.Readable;
        if (!HasAnotherDashboard(options))
            yield break;
        if (present.CaFile is not null && !hasAuthority)
            yield return SettingChange.Remove("dashboard", "caFile");
        if (present.AllowPlaintext && new Uri(options.Url).Scheme != Uri.UriSchemeHttp)
            yield return SettingChange.Remove("dashboard", "allowPlaintext");
        if (!present.Proxy.IsNone && options.Proxy is null)
            yield return SettingChange.Remove("dashboard", "proxy");
    }

    private int Refuse(string error)
    {
        progress.Failed($"{error}; {Unchanged}");
        return ExitCode.Usage;
    }

    private static string Shown(Uri url) => url.GetLeftPart(UriPartial.Authority);
}
