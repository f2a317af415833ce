using System.CommandLine;
using SmmAgent.Contract;
using SmmDashboard.Groups;
using SmmDashboard.Kubernetes.Api;
using SmmDashboard.Kubernetes.Checks;
using SmmDashboard.Kubernetes.Composition;

namespace SmmDashboard.Startup;

/// <summary><c>smm-dashboard check --kubernetes</c>: checks the requirements of VMs in a cluster without changing anything.</summary>
internal static class ClusterCheckCommand
{
    private const string Text = "text";
    private const string Json = "json";

    public static Command Create()
    {
        var arguments = new KubernetesArguments();
        var account = new Option<string>("--account")
        {
            Description = "With --kubeconfig: the service account of the dashboard, for which the rights are checked.",
            HelpName = "NAMESPACE/NAME",
            DefaultValueFactory = _ => "smm-dashboard/smm-dashboard",
        };
        var output = new Option<string>("--output")
        {
            Description = $"The format of the report: {Text} for people, {Json} for programs.",
            HelpName = $"{Text}|{Json}",
            DefaultValueFactory = _ => Text,
        };
        output.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<string>() is { } value && value is not (Text or Json))
                result.AddError($"--output: '{NameRules.Shown(value)}' is neither {Text} nor {Json}; for example: --output {Json}");
        });
        var command = new Command(
            "check",
            "Check the requirements of VMs in a cluster and suggest fixes. Changes nothing. The exit code is 1 if a check fails.");
        foreach (var option in arguments.ClusterOptions)
            command.Add(option);
        command.Add(account);
        command.Add(output);
        command.SetAction((parsed, cancel) =>
            RunAsync(parsed, arguments, parsed.GetValue(account)!, parsed.GetValue(output) == Json, cancel));
        return command;
    }

    private static async Task<int> RunAsync(
        ParseResult parsed, KubernetesArguments arguments, string account, bool isJson, CancellationToken cancel)
    {
        var (output, error) = (parsed.InvocationConfiguration.Output, parsed.InvocationConfiguration.Error);
        var faults = new List<string>();
        var options = arguments.ReadCluster(parsed, faults);
        if (!arguments.IsGiven(parsed))
            faults.Add("check needs --kubernetes: smm-dashboard check --kubernetes [--kubeconfig FILE]");
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
                return await CheckAsync(options, dashboard, isJson, output, cancel);
        }
        catch (ApiSettingsException fault)
        {
            faults.Add(fault.Message);
        }

        foreach (var fault in faults)
            await error.WriteLineAsync($"smm-dashboard: {fault}");
        return 2;
    }

    private static async Task<int> CheckAsync(
        Kubernetes.KubernetesOptions options, ServiceAccount account, bool isJson, TextWriter output, CancellationToken cancel)
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
        await output.WriteAsync(isJson ? report.Json() + "\n" : report.Text());
        return report.Summary.Failed > 0 ? 1 : 0;
    }

    private static ServiceAccount? ReadAccount(string text) =>
        text.Split('/') is [var space, var name] && NameRules.Label(space) is null && NameRules.Subdomain(name) is null
            ? new(space, name)
            : null;
}
