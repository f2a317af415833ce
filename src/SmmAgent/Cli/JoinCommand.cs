using System.CommandLine;
using SmmAgent.Core.Settings;
using SmmAgent.Host;
using SmmAgent.Host.Configuration;

namespace SmmAgent.Cli;

/// <summary><c>smm-agent join</c>: configures a new VM with one command.</summary>
internal static class JoinCommand
{
    public static Command Create(Func<ParseResult, AgentPaths> paths)
    {
        var url = new Argument<string>("URL") { Description = "the dashboard: scheme, host and port" };
        var group = Required("--workload-group", "NAMESPACE/NAME", "the WorkloadGroup");
        var token = Required("--token-file", "FILE", "the file of the bearer token");
        var nodeIp = Optional("--node-ip", "auto|ADDRESS", "the address of this VM");
        var caFile = Optional("--ca-file", "FILE", "the only authorities to trust");
        var caSha256 = Optional("--ca-sha256", "HEX", "pin the authority by SHA-256");
        var proxy = Optional("--proxy", "URL|environment|none", "the proxy to the dashboard");
        var proxyFile = Optional("--proxy-file", "FILE", "read the proxy from this file");
        var allowPlaintext = new Option<bool>("--allow-plaintext") { Description = "accept http (no encryption)" };
        var replace = new Option<bool>("--replace") { Description = "replace the present settings" };
        var reconcile = new Option<bool>("--reconcile") { Description = "attach this VM now" };
        var command = new Command("join", "Configure this VM, and attach it on request.")
        {
            url, group, token, nodeIp, caFile, caSha256, proxy, proxyFile, allowPlaintext, replace, reconcile,
        };
        command.SetAction((parsed, cancel) => RunAsync(
            paths(parsed),
            new JoinOptions(parsed.GetRequiredValue(url).TrimEnd('/'))
            {
                WorkloadGroup = parsed.GetRequiredValue(group),
                TokenFile = parsed.GetRequiredValue(token),
                NodeIp = parsed.GetValue(nodeIp),
                CaFile = parsed.GetValue(caFile),
                CaSha256 = parsed.GetValue(caSha256),
                Proxy = parsed.GetValue(proxy),
                ProxyFile = parsed.GetValue(proxyFile),
                AllowPlaintext = parsed.GetValue(allowPlaintext),
                Replace = parsed.GetValue(replace),
                Reconcile = parsed.GetValue(reconcile),
            },
            cancel));
        return command;
    }

    private static async Task<int> RunAsync(AgentPaths paths, JoinOptions options, CancellationToken cancel)
    {
        var progress = Progress.OnConsole();
        var joined = await new Join(paths, progress, TimeProvider.System, Environment.IsPrivilegedProcess).RunAsync(options, cancel);
        if (joined != ExitCode.Done)
            return joined;
        if (options.Reconcile)
            return await ReconcileCommand.RunAsync(paths, new ReconcileOptions(), cancel);

        progress.Next("sudo smm-agent check", "sudo smm-agent reconcile");
        return ExitCode.Done;
    }

    private static Option<string> Required(string name, string value, string description) =>
        new(name) { HelpName = value, Description = description, Required = true };

    private static Option<string?> Optional(string name, string value, string description) =>
        new(name) { HelpName = value, Description = description };
}
