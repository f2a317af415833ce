using SmmAgent.Core.Checks;
using SmmAgent.Core.Settings;

namespace SmmAgent.Checks.NameResolution;

/// <summary>On the VM only names of the WorkloadGroup's own Kubernetes namespace resolve.</summary>
internal sealed class NamesNamespace() : Check("names-namespace", CheckGroup.NameResolution, "Namespace")
{
    public override async Task<IReadOnlyList<CheckLine>> RunAsync(CheckContext context, CancellationToken cancel)
    {
        var settings = context.Settings.Settings;
        var config = (await context.Mesh).Config;
        if ((settings.Namespace ?? config?.WorkloadGroup.Namespace ?? context.Daemon.Status?.WorkloadGroup?.Namespace) is not { } own)
            return [CheckLine.Skipped(context.Settings.WhyUnseen ?? "no WorkloadGroup is set")];

        return
        [
            CheckLine.Pass($"only services of the Kubernetes namespace {own} resolve and are reached from this VM, those of other namespaces are not"),
            .. Used(settings).Concat(config?.DirectEndpoints.Select(endpoint => endpoint.Address) ?? []).Distinct()
                .Where(host => NamespaceOf(host) is { } other && other != own)
                .Select(host => CheckLine.Warn(
                    $"is a service of another namespace than {own}: this VM cannot resolve it",
                    "use a name or address that is exposed outside the cluster") with { Subject = host }),
        ];
    }

    private static IEnumerable<string> Used(AgentSettings settings) =>
        settings.AddressProviders.Append(settings.DashboardUrl).OfType<Uri>().Select(url => url.Host);

    // SERVICE.NAMESPACE.svc, with or without the cluster's domain.
    private static string? NamespaceOf(string host) => host.Split('.') is [_, var @namespace, "svc", ..] ? @namespace : null;
}
