using System.Text;
using SmmDashboard.Groups;
using SmmDashboard.Http;

namespace SmmDashboard.Packages;

/// <summary><c>GET /get/smm-agent</c>: the install script. It contains the configured URL and ignores the Host header.</summary>
public sealed class InstallScriptEndpoint(AgentPackages packages, CurrentMesh mesh)
{
    public void Map(IEndpointRouteBuilder routes) => routes.MapApi(HttpMethods.Get, "/get/smm-agent", GetAsync);

    private async Task<ApiProblem?> GetAsync(HttpContext context)
    {
        var newest = await packages.NewestAsync(context.RequestAborted);
        if (newest.Count == 0)
        {
            return ApiProblem.NotFound(
                "the dashboard has no smm-agent package; put smm-agent_VERSION_{amd64,arm64}.deb "
                + "or smm-agent-VERSION-RELEASE.{x86_64,aarch64}.rpm into the folder of --packages");
        }

        var script = Encoding.UTF8.GetBytes(InstallScript.Render(mesh.Settings.PublicUrl, newest, packages.SigningKey()));
        context.Response.ContentType = "text/x-shellscript; charset=utf-8";
        context.Response.ContentLength = script.Length;
        context.Response.Headers.CacheControl = "no-cache";
        await context.Response.Body.WriteAsync(script, context.RequestAborted);
        return null;
    }
}
