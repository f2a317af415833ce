using Microsoft.Net.Http.Headers;
using SmmDashboard.Http;

namespace SmmDashboard.Packages;

/// <summary><c>GET /packages/{file}</c>.</summary>
public sealed class PackagesEndpoint(PackageFolder folder)
{
    public void Map(IEndpointRouteBuilder routes) => routes.MapApi(HttpMethods.Get, "/packages/{file}", GetAsync);

    private async Task<ApiProblem?> GetAsync(HttpContext context)
    {
        if (!folder.TryOpen((string)context.GetRouteValue("file")!, out var stream))
            return ApiProblem.NotFound("the package does not exist");

        await using (stream)
        {
            // The framework ignores the unit of a range and treats the numbers as bytes.
            if (RangeHeaderValue.TryParse(context.Request.Headers.Range.ToString(), out var range)
                && !range.Unit.Equals("bytes", StringComparison.OrdinalIgnoreCase))
            {
                context.Response.Headers.ContentRange = new ContentRangeHeaderValue(stream.Length).ToString();
                return ApiProblem.FromStatus(StatusCodes.Status416RangeNotSatisfiable);
            }

            var etag = await folder.ETagAsync(stream, context.RequestAborted);
            context.Response.Headers.CacheControl = "no-cache";
            var result = Results.Stream(
                stream, "application/octet-stream", entityTag: EntityTagHeaderValue.Parse(etag), enableRangeProcessing: true);
            await result.ExecuteAsync(context);

            // The response already has the content type of the package, so the status page middleware does not add a body.
            return context.Response.StatusCode == StatusCodes.Status416RangeNotSatisfiable ? ApiProblem.FromStatus(416) : null;
        }
    }
}
