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
            return ApiProblem.NotFound("there is no such package");

        await using (stream)
        {
            // The framework takes the numbers of any unit for bytes.
            if (RangeHeaderValue.TryParse(context.Request.Headers.Range.ToString(), out var range) && !range.Unit.Equals("bytes", StringComparison.OrdinalIgnoreCase))
            {
                context.Response.Headers.ContentRange = new ContentRangeHeaderValue(stream.Length).ToString();
                return ApiProblem.FromStatus(StatusCodes.Status416RangeNotSatisfiable);
            }

            var etag = await folder.ETagAsync(stream, context.RequestAborted);
            context.Response.Headers.CacheControl = "no-cache";
            await Results.Stream(stream, "application/octet-stream", entityTag: EntityTagHeaderValue.Parse(etag), enableRangeProcessing: true)
                .ExecuteAsync(context);

            // It has the package's content type by now, which hides it from the page that explains statuses.
            return context.Response.StatusCode == StatusCodes.Status416RangeNotSatisfiable ? ApiProblem.FromStatus(416) : null;
        }
    }
}
