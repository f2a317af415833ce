using System.CommandLine;
using SmmAgent.Core.Settings;
using SmmAgent.Core.Yaml;
using SmmAgent.Host;
using SmmAgent.Host.Configuration;

namespace SmmAgent.Cli;

/// <summary><c>smm-agent set</c>: changes one setting and nothing else. A running daemon detects the change automatically.</summary>
internal static class SetCommand
{
    private const string TokenExample = "sudo smm-agent set bearer-token --stdin < token";

    public static Command Create(Func<ParseResult, AgentPaths> paths) => new("set", "Change one setting in /etc/smm.")
    {
        DashboardUrl(paths),
        WorkloadGroup(paths),
        NodeIp(paths),
        BearerToken(paths),
        TrustedKey(paths),
        Proxy(paths),
        Word(paths, "sidecar-mode", "Set how the sidecar is managed.", new("sidecar", "mode", ""), "manage", "check", "off"),
        Word(paths, "firewall-mode", "Set how the firewall is managed.", new("firewall", "mode", ""), "manage", "check", "off"),
        Word(paths, "self-upgrade", "Set whether the agent upgrades itself.", new("", "selfUpgrade", ""), "on", "off"),
    };

    private static Command DashboardUrl(Func<ParseResult, AgentPaths> paths)
    {
        var url = new Argument<string>("URL") { Description = "scheme, host and port, for example https://smm.example.com" };
        var allowPlaintext = new Option<bool>("--allow-plaintext") { Description = "accept http, which sends the token in clear text" };
        var caFile = new Option<string?>("--ca-file")
        {
            Description = "trust only the certificate authorities in this PEM file",
            HelpName = "FILE",
        };
        var command = new Command("dashboard-url", "Set the URL of the exposed dashboard.") { url, allowPlaintext, caFile };
        command.SetAction(parsed => WithNext(paths(parsed), writer => SetDashboardUrl.Run(
            writer, parsed.GetRequiredValue(url), parsed.GetValue(allowPlaintext), parsed.GetValue(caFile))));
        return command;
    }

    private static Command WorkloadGroup(Func<ParseResult, AgentPaths> paths)
    {
        var group = new Argument<string>("NAMESPACE/NAME") { Description = "for example vm-integration/analytics-v0" };
        // The form with two words is accepted as well.
        var name = new Argument<string?>("NAME") { Arity = ArgumentArity.ZeroOrOne, Hidden = true };
        var command = new Command("workload-group", "Set the WorkloadGroup to be a member of.") { group, name };
        command.Validators.Add(result =>
        {
            if (result.GetResult(group) is { Tokens: [var first, ..] } && result.GetResult(name) is not { Tokens.Count: > 0 }
                && first.Value.Split('/').Length != 2)
                result.AddError("'set workload-group' needs NAMESPACE/NAME, for example vm-integration/analytics-v0");
        });
        command.SetAction(parsed =>
        {
            var words = parsed.GetValue(name) is { } second
                ? [parsed.GetRequiredValue(group), second]
                : parsed.GetRequiredValue(group).Split('/');
            return WithNext(paths(parsed), writer => SetWorkloadGroup.Run(writer, words[0], words[1]));
        });
        return command;
    }

    private static Command NodeIp(Func<ParseResult, AgentPaths> paths)
    {
        var address = new Argument<string>("ADDRESS|auto") { Description = "an IP address, or auto to detect it" };
        var command = new Command("node-ip", "Set the address of this VM.") { address };
        command.SetAction(parsed => WithNext(paths(parsed), writer => SetNodeIp.Run(writer, parsed.GetRequiredValue(address))));
        return command;
    }

    private static Command TrustedKey(Func<ParseResult, AgentPaths> paths)
    {
        var key = new Argument<string>("KEY") { Description = "the public half, as smm-dashboard sign-packages prints it" };
        var command = new Command("trusted-key", "Set the key that signs the packages.") { key };
        command.SetAction(parsed => WithNext(paths(parsed), writer => SetTrustedKey.Run(writer, parsed.GetRequiredValue(key))));
        return command;
    }

    private static Command Proxy(Func<ParseResult, AgentPaths> paths)
    {
        var proxy = new Argument<string>("URL|environment|none") { Description = "a proxy, that of the environment, or none" };
        var command = new Command("proxy", "Set the proxy to the dashboard.") { proxy };
        command.SetAction(parsed => WithNext(paths(parsed), writer => SetProxy.Run(writer, parsed.GetRequiredValue(proxy))));
        return command;
    }

    private static Command Word(
        Func<ParseResult, AgentPaths> paths, string name, string description, SettingChange setting, params string[] words)
    {
        var value = new Argument<string>(string.Join('|', words)) { Description = $"the value of {setting.Path} in agent.yaml" };
        var command = new Command(name, description) { value };
        command.SetAction(parsed => WithNext(
            paths(parsed), writer => SetWord.Run(writer, name, setting with { Value = parsed.GetRequiredValue(value) }, words)));
        return command;
    }

    private static Command BearerToken(Func<ParseResult, AgentPaths> paths)
    {
        var token = new Argument<string?>("TOKEN")
        {
            Description = "the token; visible in ps and in the shell's history",
            Arity = ArgumentArity.ZeroOrOne,
        };
        var stdin = new Option<bool>("--stdin") { Description = "read the token from standard input" };
        var file = new Option<string?>("--file") { Description = "read the token from a file", HelpName = "FILE" };
        var command = new Command("bearer-token", "Set the bearer token for the dashboard.") { token, stdin, file };
        command.Validators.Add(result =>
        {
            // The value is not read here: that throws for no value and for several.
            var given = new[] { result.GetResult(token) is { Tokens.Count: > 0 }, result.GetValue(stdin),
                result.GetResult(file) is not null };
            var sources = given.Count(one => one);
            if (result.GetResult(token) is { Tokens: [{ Value: "-" }, ..] })
                result.AddError("'-' is not a token; to read standard input, use --stdin: sudo smm-agent set bearer-token --stdin < token");
            else if (sources > 1)
                result.AddError($"--stdin, --file FILE and TOKEN cannot be combined; for example: {TokenExample}");
            else if (sources == 0 && Console.IsInputRedirected)
                result.AddError($"specify the source of the token: --stdin, --file FILE or TOKEN; for example: {TokenExample}");
        });
        command.SetAction(parsed =>
        {
            // Without a source, the standard input is a terminal, and the token is typed.
            var source = parsed.GetValue(file) is { } path ? TokenSource.File(path)
                : parsed.GetValue(token) is { } text ? TokenSource.CommandLine(text)
                : Console.IsInputRedirected ? TokenSource.Stdin(Console.OpenStandardInput, isTerminal: false)
                : TokenSource.Stdin(TokenSource.OpenTerminal, isTerminal: true);
            var progress = Progress.OnConsole();
            var setToken = new SetBearerToken(paths(parsed), progress, TimeProvider.System, Environment.IsPrivilegedProcess);
            return WithNext(paths(parsed), progress, setToken.Run(source));
        });
        return command;
    }

    private static int WithNext(AgentPaths paths, Func<SettingsWriter, int> set)
    {
        var progress = Progress.OnConsole();
        var writer = new SettingsWriter(paths.Settings, progress, TimeProvider.System, Environment.IsPrivilegedProcess);
        return WithNext(paths, progress, set(writer));
    }

    private static int WithNext(AgentPaths paths, Progress progress, int code)
    {
        if (code == ExitCode.Done)
            NextStep.Print(progress, paths, TimeProvider.System.GetUtcNow());
        return code;
    }
}
