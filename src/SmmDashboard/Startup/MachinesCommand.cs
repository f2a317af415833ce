using System.CommandLine;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using SmmAgent.Contract;
using SmmDashboard.Access;
using SmmDashboard.Admin;
using SmmDashboard.Admin.Api;
using SmmDashboard.Admin.Client;
using SmmDashboard.Admin.Machines;
using SmmDashboard.Tls;

namespace SmmDashboard.Startup;

/// <summary><c>smm-dashboard machines</c>: prints the machines of a running dashboard.</summary>
internal static class MachinesCommand
{
    private const string DefaultServer = "http://127.0.0.1:8090";
    private const string TokenFile = "--token-file";
    private const string CaFile = "--ca-file";
    private const int LargestToken = 16 * 1024;
    private const int LargestCaFile = 1024 * 1024;

    private sealed record Options(
        Option<string> Server, Option<string?> TokenFile, Option<string?> CaFile, Option<string?> Namespace, Option<string?> Group,
        Option<string?> State, Option<string?> Search, Option<string> Output, Argument<string?> Machine);

    public static Command Create()
    {
        var options = new Options(
            new("--server")
            {
                Description = "The URL of the admin listener.", HelpName = "URL",
                DefaultValueFactory = _ => DefaultServer,
            },
            new(TokenFile) { Description = "The file with the bearer token. Default: none is sent.", HelpName = "FILE" },
            new(CaFile) { Description = "The authorities to trust for https. Default: those of the system.", HelpName = "PEM" },
            new("--namespace", "-n") { Description = "Only machines of this namespace.", HelpName = "NAME" },
            new("--group") { Description = "Only machines of this WorkloadGroup.", HelpName = "NAME" },
            new("--state") { Description = "Only machines in this state.", HelpName = string.Join('|', Enum.GetNames<MachineState>()) },
            new("--search")
            {
                Description = "Only machines with this text in their name, address, uuid, version or reason.",
                HelpName = "TEXT"
            },
            OutputFormat.Create("list"),
            new("MACHINE")
            {
                Description = "One machine with its conditions: NAMESPACE/GROUP/UUID or NAMESPACE/GROUP/NAME.",
                Arity = ArgumentArity.ZeroOrOne,
            });
        var command = new Command("machines", "Print the machines of a running dashboard.")
        {
            options.Server, options.TokenFile, options.CaFile, options.Namespace, options.Group, options.State, options.Search,
            options.Output, options.Machine,
        };
        command.SetAction((parsed, cancel) => RunAsync(parsed, options, cancel));
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parsed, Options options, CancellationToken cancel)
    {
        var (output, error) = (parsed.InvocationConfiguration.Output, parsed.InvocationConfiguration.Error);
        var faults = new List<string>();
        var server = ReadServer(parsed.GetValue(options.Server)!, parsed.GetValue(options.TokenFile) is not null, faults);
        var token = parsed.GetValue(options.TokenFile) is { } tokenFile ? ReadToken(tokenFile, faults) : null;
        var authorities = parsed.GetValue(options.CaFile) is { } caFile ? ReadAuthorities(caFile, faults) : null;
        if (parsed.GetValue(options.State) is { } state && !Enum.GetNames<MachineState>().Contains(state))
            faults.Add(
                $"--state '{NameRules.Shown(state)}' is not one of {string.Join(", ", Enum.GetNames<MachineState>())}{Meant(state)}");
        var machine = parsed.GetValue(options.Machine)?.Split('/');
        if (machine is not (null or [{ Length: > 0 }, { Length: > 0 }, { Length: > 0 }]))
        {
            faults.Add(
                $"MACHINE '{NameRules.Shown(parsed.GetValue(options.Machine)!)}' does not have the form NAMESPACE/GROUP/UUID or "
                + "NAMESPACE/GROUP/NAME; to list all machines: smm-dashboard machines");
        }

        foreach (var fault in faults)
            await error.WriteLineAsync($"smm-dashboard: {OneLine.ReplaceUnprintable(fault)}");
        if (faults.Count > 0)
        {
            await error.WriteLineAsync("see: smm-dashboard machines --help");
            return 2;
        }

        using var client = new MachinesClient(server!, token, authorities);
        try
        {
            var format = parsed.GetValue(options.Output);
            await output.WriteAsync(machine is [var space, var group, var name]
                ? Format(await client.MachineAsync(space, group, name, cancel), format)
                : Format(await client.ListAsync(Query(parsed, options), cancel), format));
            return 0;
        }
        catch (MachinesException fault)
        {
            await error.WriteLineAsync($"smm-dashboard: {OneLine.ReplaceUnprintable(fault.Message)}");
            return 1;
        }
    }

    private static string Format(MachineAnswer machine, string? format) => OutputFormat.Write(
        format, () => MachineTable.One(machine, TimeProvider.System.GetUtcNow()),
        () => JsonSerializer.Serialize(machine, AdminJson.Default.MachineAnswer));

    private static string Format(MachineListAnswer list, string? format) => OutputFormat.Write(
        format, () => MachineTable.List(list, TimeProvider.System.GetUtcNow()),
        () => JsonSerializer.Serialize(list, AdminJson.Default.MachineListAnswer));

    private static string Query(ParseResult parsed, Options options)
    {
        (string Name, Option<string?> Option)[] filters =
            [("namespace", options.Namespace), ("group", options.Group), ("state", options.State), ("q", options.Search)];
        return string.Join('&', filters.Select(filter => (filter.Name, Value: parsed.GetValue(filter.Option)))
            .Where(filter => filter.Value is { Length: > 0 }).Select(filter => $"{filter.Name}={Uri.EscapeDataString(filter.Value!)}"));
    }

    private static Uri? ReadServer(string text, bool hasToken, List<string> faults)
    {
        if (!Uri.TryCreate(text.TrimEnd('/') + "/", UriKind.Absolute, out var server) || server.Scheme is not ("http" or "https"))
        {
            // The text may contain a password.
            faults.Add($"--server is not an http or https URL; for example: --server {DefaultServer}");
            return null;
        }

        var isLocal = server.Host == "localhost"
            || (System.Net.IPAddress.TryParse(server.Host.Trim('[', ']'), out var address) && AdminOptions.IsLoopback(address));
        if (hasToken && server.Scheme == "http" && !isLocal)
        {
            var shown = NameRules.Shown($"{MachinesClient.WithoutUser(server)}");
            faults.Add($"--server {shown} is not https: the token is not sent in plain text to another host; use an https URL");
        }

        return server;
    }

    private static string? ReadToken(string file, List<string> faults)
    {
        const string Fix = "name a file with the bearer token of an account that may see machines";
        if (OptionFile.Read(TokenFile, file, LargestToken, Fix, faults) is not { } content)
            return null;

        var token = System.Text.Encoding.ASCII.GetString(content).Trim();
        if (AuthorizationHeader.IsToken(token))
            return token;
        faults.Add(OptionFile.Format(TokenFile, file, $"does not contain a bearer token; {Fix}"));
        return null;
    }

    private static X509Certificate2Collection? ReadAuthorities(string file, List<string> faults)
    {
        const string Fix = "name a PEM file with the authority that signed the certificate of the admin listener";
        if (OptionFile.Read(CaFile, file, LargestCaFile, Fix, faults) is not { } content)
            return null;

        var pem = System.Text.Encoding.ASCII.GetString(content);
        if (PemFault.FindInCertificates(pem) is { } fault)
        {
            faults.Add(OptionFile.Format(CaFile, file, $"{fault}; {Fix}"));
            return null;
        }

        var authorities = new X509Certificate2Collection();
        authorities.ImportFromPem(pem);
        return authorities;
    }

    private static string Meant(string state) =>
        Spelling.Nearest(state, Enum.GetNames<MachineState>()) is { } nearest ? $"; did you mean '{nearest}'?" : "";
}
