using SmmAgent.Contract;
using SmmDashboard.Kubernetes.Objects;

namespace SmmDashboard.Kubernetes.Composition;

/// <summary>The faults of a WorkloadGroup's own members, and of its relation to its control plane.</summary>
internal static class GroupRules
{
    /// <param name="space">The group's namespace; null when it was not seen.</param>
    public static IEnumerable<ObjectFault> Evaluate(WorkloadGroupObject group, ControlPlane plane, Namespace? space)
    {
        var reference = ObjectReference.From(group);
        var own = group.Metadata.Label(IstioNames.Revision);
        if (own.Length > 0 && own != plane.RevisionLabel)
        {
            yield return new(reference, FaultReasons.NotSeenByIstiod,
                $"its label istio.io/rev is '{NameRules.Shown(own)}', but istiod sees only objects without it, or with its own revision "
                    + $"'{plane.RevisionLabel}': "
                + $"kubectl -n {reference.Namespace} label workloadgroup {reference.Name} istio.io/rev-", Blocks: false);
        }

        foreach (var (where, labels) in new[] { ("metadata", group.Spec.Metadata.Labels), ("template", group.Spec.Template.Labels) })
        {
            if (labels.TryGetValue(IstioNames.Revision, out var entries) && entries != plane.RevisionLabel)
            {
                yield return new(reference, FaultReasons.NotSeenByIstiod,
                    $"spec.{where}.labels has istio.io/rev '{NameRules.Shown(entries)}', so that istiod '{plane.RevisionLabel}' would not "
                        + "see the WorkloadEntries: "
                    + $"remove the label ({reference.Edit()})", Blocks: false);
            }

            foreach (var reason in labels.Select(label => LabelRules.Fault(label.Key, label.Value)).OfType<string>()
                .Order(StringComparer.Ordinal))
                yield return ObjectFault.Invalid(reference, $"spec.{where}.labels {reason}");
        }

        if (space is not null && !plane.Discovers(space.Metadata.Labels))
        {
            yield return new(reference, FaultReasons.NotSeenByIstiod,
                $"its namespace {reference.Namespace} is not among those of meshConfig.discoverySelectors, so istiod does not see it: "
                    + $"label the namespace as one of them ({plane.Source.Get()})",
                Blocks: false);
        }

        foreach (var (path, annotations) in new[] { ("metadata.annotations", group.Metadata.Annotations),
            ("spec.metadata.annotations", group.Spec.Metadata.Annotations) })
        {
            if (annotations.TryGetValue(IstioNames.ProxyConfig, out var text) && ProxyConfigRules.Fault(text) is { } reason)
                yield return ObjectFault.Invalid(reference, $"{path}['{IstioNames.ProxyConfig}']: {reason}");
        }

        if (!plane.IsOfNetwork(group.Spec.Template.Network) && !plane.Gateways.Any(gateway => gateway.LeadsToIstiod))
        {
            yield return new(reference, FaultReasons.GatewayNotFound,
                $"its network '{NameRules.Shown(group.Spec.Template.Network)}' is not the control plane's "
                    + $"('{NameRules.Shown(plane.Network)}'), and no gateway with port "
                + $"{IstioNames.IstiodPort} was found in namespace {plane.Namespace}: expose istiod through an east-west gateway, or name "
                + "its Service with --gateway", Blocks: false);
        }
    }
}
