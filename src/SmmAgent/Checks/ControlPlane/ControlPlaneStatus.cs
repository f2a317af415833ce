using SmmAgent.Checks.Observations;
using SmmAgent.Contract;
using SmmAgent.Core.Checks;

namespace SmmAgent.Checks.ControlPlane;

/// <summary>Checks the status of the control plane that the dashboard reports.</summary>
internal sealed class ControlPlaneStatus() : Check("control-plane-status", CheckGroup.ControlPlane, "Control plane")
{
    public override async Task<IReadOnlyList<CheckLine>> RunAsync(CheckContext context, CancellationToken cancel)
    {
        var observed = await context.Mesh;
        return observed.Config is { Mesh: var mesh } ? [Line(mesh, observed.AsOf)] : [observed.MissingLine];
    }

    // The values of the status of an IstioControlPlane.
    private static CheckLine Line(Mesh mesh, string asOf)
    {
        var see = $"kubectl -n {NameRules.Shown(mesh.IstioNamespace)} get istiocontrolplanes; "
            + $"where Istio runs without SMM: kubectl -n {NameRules.Shown(mesh.IstioNamespace)} get deployments -l app=istiod";
        var which = $"Istio {NameRules.Shown(mesh.IstioVersion)}, revision '{NameRules.Shown(mesh.IstioRevision)}', "
            + $"cluster {NameRules.Shown(mesh.ClusterId)}{asOf}";
        return mesh.Status switch
        {
            null => CheckLine.Skipped($"the dashboard does not report its status ({which})", see),
            "Available" => CheckLine.Pass($"Available: {which}"),
            "Created" or "Reconciling" or "Unmanaged" => CheckLine.Warn(
                $"{mesh.Status}, not Available yet: {which}", $"wait for Available: {see}"),
            var other => CheckLine.Fail($"{NameRules.Shown(other)}: {which}", see),
        };
    }
}
