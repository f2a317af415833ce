namespace SmmDashboard.Http;

/// <summary>Around every request: the rates, and the last resort for an exception. What failed inside stays inside.</summary>
public sealed class RequestGuard(RequestDelegate next, RequestRates rates, ILogger<RequestGuard> log)
{
    public async Task InvokeAsync(HttpContext context)
    {
        try
        {
            // A probe of the process must not depend on how busy it is.
            var isProbe = context.Request.Path == "/healthz";
            if (!isProbe && rates.Refuse(context) is { } problem)
                await problem.WriteAsync(context);
            else
                await next(context);
        }
        catch (Exception) when (context.RequestAborted.IsCancellationRequested)
        {
            // The client is gone: nobody reads an answer.
        }
        catch (BadHttpRequestException exception) when (!context.Response.HasStarted)
        {
            await ApiProblem.FromStatus(exception.StatusCode).WriteAsync(context);
        }
        catch (Exception exception) when (!context.Response.HasStarted)
        {
            log.Failed(exception, context.Request.Method, context.GetEndpoint()?.DisplayName ?? "no route");
            context.Response.Clear();
            await ApiProblem.FromStatus(500).WriteAsync(context);
        }
    }

    /// <summary>Gives a body to the errors that the framework answers without one.</summary>
    public static Task ExplainStatusAsync(Microsoft.AspNetCore.Diagnostics.StatusCodeContext context) =>
        ApiProblem.FromStatus(context.HttpContext.Response.StatusCode).WriteAsync(context.HttpContext);
}
