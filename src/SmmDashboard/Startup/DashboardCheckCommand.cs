using System.CommandLine;
using SmmAgent.Contract;
using SmmDashboard.Embedded.Mesh;
using SmmDashboard.Groups;
using SmmDashboard.Kubernetes.Api;
using SmmDashboard.Kubernetes.Checks;
using SmmDashboard.Kubernetes.Composition;

namespace SmmDashboard.Startup;

/// <summary>
/// <c>smm-dashboard check</c>: checks the requirements of VMs in a cluster, or a mesh description, without changing anything.
/// </summary>
internal static class DashboardCheckCommand
{
    public static Command Create()
    {
        var arguments = new KubernetesArguments();
        var account = new Option<string>("--account")
        {
            Description = "With --kubeconfig: the service account of the dashboard, for which the rights are checked.",
            HelpName = "NAMESPACE/NAME",
            DefaultValueFactory = _ => "smm-dashboard/smm-dashboard",
        };
        var mesh = new Option<string?>("--mesh")
        {
            Description = "Check this mesh description (YAML) instead of a cluster: one line for each fault.",
            HelpName = "FILE",
        };
        var output = OutputFormat.Create("report");
        var command = new Command(
            "check",
            "Check a cluster or a mesh description, and suggest fixes.");
        foreach (var option in arguments.ClusterOptions)
            command.Add(option);
        command.Add(account);
        command.Add(mesh);
        command.Add(output);
        command.SetAction((parsed, cancel) => parsed.GetValue(mesh) is { } file
            ? CheckFileAsync(parsed, arguments, file, parsed.GetValue(output))
            : RunAsync(parsed, arguments, parsed.GetValue(account)!, parsed.GetValue(output), cancel));
        return command;
    }

    private static async Task<int> CheckFileAsync(ParseResult parsed, KubernetesArguments arguments, string file, string? format)
    {
        if (arguments.IsGiven(parsed))
        {
            await parsed.InvocationConfiguration.Error.WriteLineAsync(
                "smm-dashboard: --mesh cannot be combined with --kubernetes: check one of them\nsee: smm-dashboard check --help");
            return 2;
        }

        if (file.Length == 0)
        {
            await parsed.InvocationConfiguration.Error.WriteLineAsync(
                "smm-dashboard: --mesh '': the name of the file is empty\nsee: smm-dashboard check --help");
            return 2;
        }

        var check = MeshFileCheck.Run(file);
        await parsed.InvocationConfiguration.Output.WriteAsync(OutputFormat.Write(format, check.Text, check.Json));
        return check.Faults.Count > 0 ? 1 : 0;
    }

    private static async Task<int> RunAsync(
        ParseResult parsed, KubernetesArguments arguments, string account, string? format, CancellationToken cancel)
    {
        var (output, error) = (parsed.InvocationConfiguration.Output, parsed.InvocationConfiguration.Error);
        var faults = new List<string>();
        var options = arguments.ReadCluster(parsed, faults);
        if (!arguments.IsGiven(parsed))
            faults.Add("check needs --kubernetes or --mesh FILE: smm-dashboard check --kubernetes [--kubeconfig FILE]");
        if (ReadAccount(account) is not { } dashboard)
        {
            faults.Add(
                $"--account '{NameRules.Shown(account)}' is not NAMESPACE/NAME of a service account, "
                + "for example smm-dashboard/smm-dashboard");
            dashboard = default;
        }

        try
        {
            if (faults.Count == 0)
                return await CheckAsync(options, dashboard, format, output, cancel);
        }
        catch (ApiSettingsException fault)
        {
            faults.Add(fault.Message);
        }

        foreach (var fault in faults)
            await error.WriteLineAsync($"smm-dashboard: {OneLine.ReplaceUnprintable(fault)}");
        await error.WriteLineAsync("see: smm-dashboard check --help");
        return 2;
    }

    private static async Task<int> CheckAsync(
        Kubernetes.KubernetesOptions options, ServiceAccount account, string? format, TextWriter output, CancellationToken cancel)
    {
        var settings = KubernetesMode.Settings(options, TimeProvider.System);
        using var api = new KubernetesApi(settings, TimeProvider.System);
        var report = await ClusterCheck.RunAsync(
            api, settings.Server,
            new CheckOptions
            {
                Mesh = new MeshOptions
                {
                    IstioNamespaces = options.IstioNamespaces,
                    Gateways = options.Gateways,
                    DefaultRevision = options.DefaultRevision,
                },
                ClusterRanges = options.ClusterRanges,
                Account = options.Kubeconfig is null && settings.Namespace is { } own ? account with { Namespace = own } : account,
                IsOwnAccount = options.Kubeconfig is null,
            },
            TimeProvider.System, cancel);
        await output.WriteAsync(OutputFormat.Write(format, report.Text, report.Json));
        return report.Summary.Failed > 0 ? 1 : 0;
    }

    private static ServiceAccount? ReadAccount(string text) =>
        text.Split('/') is [var space, var name] && NameRules.Label(space) is null && NameRules.Subdomain(name) is null
            ? new(space, name)
            : null;
}
