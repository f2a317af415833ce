using SmmDashboard.Admin.Api;

namespace SmmDashboard.Admin.Pages;

/// <summary>The page of the mesh: its control planes, their gateways, and the faults of the configuration.</summary>
internal static class MeshHtml
{
    public static string Create(MeshAnswer mesh, PageFrame frame)
    {
        var html = Layout.Begin("Mesh", "/mesh", frame, "?q=-");
        if (!frame.Viewer.SeesMesh)
        {
            html.Add($"<p class=\"none\" id=\"none\">You need the right to get workloadgroups.networking.istio.io in a namespace.</p>\n");
            return Layout.End(html);
        }

        html.Add($"<h2>Faults of the configuration</h2>\n");
        if (mesh.Faults.Count == 0)
            html.Add($"<p class=\"none\">None is known.</p>\n");
        foreach (var fault in mesh.Faults)
            html.Add($"<p class=\"fault\"><strong>{fault.Source}</strong>: {fault.Message}</p>\n");
        html.Add($"<dl class=\"facts\"><dt>Public URL</dt><dd>{mesh.PublicUrl}</dd></dl>\n");
        foreach (var plane in mesh.ControlPlanes)
        {
            html.Add($"""
                <section aria-label="Control plane {plane.Revision}"><h2>Control plane {plane.Revision}</h2>
                <dl class="facts"><dt>Namespace</dt><dd>{plane.Namespace}</dd><dt>Istio</dt><dd>{plane.Version}</dd>
                <dt>Tags</dt><dd>{(plane.Tags.Count == 0 ? "-" : string.Join(", ", plane.Tags))}</dd>
                <dt>Status</dt><dd>{(plane.Status.Length == 0 ? "not reported" : plane.Status)}</dd>
                <dt>Mesh</dt><dd>{plane.MeshId}</dd><dt>Cluster</dt><dd>{plane.ClusterId}</dd>
                <dt>Network</dt><dd>{plane.Network}</dd><dt>Trust domain</dt><dd>{plane.TrustDomain}</dd></dl>

                """);
            MachineHtml.AddGateways(html, plane.Gateways, "No gateway leads to this control plane.");
            html.Add($"</section>\n");
        }

        return Layout.End(html);
    }
}
