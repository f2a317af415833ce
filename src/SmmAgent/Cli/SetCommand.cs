using System.CommandLine;
using SmmAgent.Core.Settings;
using SmmAgent.Host;
using SmmAgent.Host.Configuration;

namespace SmmAgent.Cli;

/// <summary><c>smm-agent set</c>: changes one setting and nothing else. A running daemon detects the change automatically.</summary>
internal static class SetCommand
{
    public static Command Create(Func<ParseResult, AgentPaths> paths) => new("set", "Change one setting in /etc/smm.")
    {
        DashboardUrl(paths),
        WorkloadGroup(paths),
        NodeIp(paths),
        BearerToken(paths),
        TrustedKey(paths),
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
        command.SetAction(parsed => SetDashboardUrl.Run(
            Writer(paths(parsed)),
            parsed.GetRequiredValue(url),
            parsed.GetValue(allowPlaintext),
            parsed.GetValue(caFile)));
        return command;
    }

    private static Command WorkloadGroup(Func<ParseResult, AgentPaths> paths)
    {
        var group = new Argument<string>("NAMESPACE") { Description = "namespace, for example vm-integration" };
        var name = new Argument<string>("NAME") { Description = "name, for example analytics-v0" };
        var command = new Command("workload-group", "Set the WorkloadGroup to be a member of.") { group, name };
        command.SetAction(parsed => SetWorkloadGroup.Run(
            Writer(paths(parsed)),
            parsed.GetRequiredValue(group),
            parsed.GetRequiredValue(name)));
        return command;
    }

    private static Command NodeIp(Func<ParseResult, AgentPaths> paths)
    {
        var address = new Argument<string>("ADDRESS|auto") { Description = "an IP address, or auto to detect it" };
        var command = new Command("node-ip", "Set the address of this VM.") { address };
        command.SetAction(parsed => SetNodeIp.Run(
            Writer(paths(parsed)), parsed.GetRequiredValue(address)));
        return command;
    }

    private static Command TrustedKey(Func<ParseResult, AgentPaths> paths)
    {
        var key = new Argument<string>("KEY") { Description = "the public half, as smm-dashboard sign-packages prints it" };
        var command = new Command("trusted-key", "Set the key that signs the packages.") { key };
        command.SetAction(parsed => SetTrustedKey.Run(Writer(paths(parsed)), parsed.GetRequiredValue(key)));
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
            if (result.GetResult(token) is { Tokens: [{ Value: "-" }, ..] })
                result.AddError("'-' is not a token; to read standard input, use --stdin: sudo smm-agent set bearer-token --stdin < token");
            else if (given.Count(one => one) != 1)
                result.AddError(
                    "specify the source of the token: --stdin, --file FILE or TOKEN; for example: sudo smm-agent set "
                        + "bearer-token --stdin < token");
        });
        command.SetAction(parsed =>
        {
            var source = parsed.GetValue(stdin)
                && !Console.IsInputRedirected ? TokenSource.Stdin(TokenSource.OpenTerminal, isTerminal: true)
                : parsed.GetValue(stdin) ? TokenSource.Stdin(Console.OpenStandardInput, isTerminal: false)
                : parsed.GetValue(file) is { } path ? TokenSource.File(path)
                : TokenSource.CommandLine(parsed.GetValue(token)!);
            return new SetBearerToken(
                paths(parsed), Progress.OnConsole(), TimeProvider.System, Environment.IsPrivilegedProcess).Run(source);
        });
        return command;
    }

    private static SettingsWriter Writer(AgentPaths paths) =>
        new(paths.Settings, Progress.OnConsole(), TimeProvider.System, Environment.IsPrivilegedProcess);
}
