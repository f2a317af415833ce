using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace SmmDashboard.Http;

/// <summary>Maps endpoints and writes their responses.</summary>
public static class ApiEndpoints
{
    /// <summary>Maps a handler that writes its own response or returns the problem to respond with.</summary>
    public static void MapApi(
        this IEndpointRouteBuilder routes, string method, string pattern, Func<HttpContext, Task<ApiProblem?>> handler) =>
        routes.MapMethods(pattern, [method], async context =>
        {
            ApiProblem? problem;
            try
            {
                problem = await handler(context);
            }
            catch (UnavailableException unavailable)
            {
                problem = ApiProblem.Unavailable(unavailable.Message, unavailable.RetryAfter);
            }

            if (problem is not null)
                await problem.WriteAsync(context);
        });

    public static async Task WriteJsonAsync<T>(this HttpContext context, T answer, JsonTypeInfo<T> type)
    {
        var body = JsonSerializer.SerializeToUtf8Bytes(answer, type);
        context.Response.ContentType = "application/json";
        context.Response.ContentLength = body.Length;
        context.Response.Headers.CacheControl = "no-store";
        await context.Response.Body.WriteAsync(body, context.RequestAborted);
    }
}
