using System.Text;
using SmmDashboard.Http;
using SmmDashboard.Mesh;

namespace SmmDashboard.Packages;

/// <summary><c>GET /get/smm-agent</c>: the install script. Its addresses are the configured ones, whatever the request's Host says.</summary>
public sealed class InstallScriptEndpoint(PackageFolder folder, CurrentMesh mesh)
{
    private const string FileName = "install.sh";
    private const string Placeholder = "@PUBLIC_URL@";
    private const int MaximumBytes = 256 * 1024;

    public void Map(IEndpointRouteBuilder routes) => routes.MapApi(HttpMethods.Get, "/get/smm-agent", GetAsync);

    private async Task<ApiProblem?> GetAsync(HttpContext context)
    {
        if (!folder.TryOpen(FileName, out var stream))
            return ApiProblem.NotFound($"the dashboard has no install script ({FileName} in the folder of --packages)");

        await using (stream)
        {
            if (stream.Length > MaximumBytes)
                return ApiProblem.NotFound($"the dashboard's {FileName} is larger than {MaximumBytes} bytes");

            using var reader = new StreamReader(stream, Encoding.UTF8);
            var script = (await reader.ReadToEndAsync(context.RequestAborted)).Replace(Placeholder, mesh.Mesh.PublicUrl, StringComparison.Ordinal);
            context.Response.ContentType = "text/x-shellscript; charset=utf-8";
            context.Response.Headers.CacheControl = "no-cache";
            await context.Response.WriteAsync(script, context.RequestAborted);
            return null;
        }
    }
}
