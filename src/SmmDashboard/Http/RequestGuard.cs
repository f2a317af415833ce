namespace SmmDashboard.Http;

/// <summary>Wraps every request: applies the rates and handles exceptions without revealing internal details.</summary>
public sealed class RequestGuard(RequestDelegate next, RequestRates rates, RequestMetrics metrics, ILogger<RequestGuard> log)
{
    public async Task InvokeAsync(HttpContext context)
    {
        metrics.Begin();
        try
        {
            // A probe of the process must not depend on its load.
            var isProbe = context.Request.Path == "/healthz";
            if (!isProbe && rates.Refuse(context) is { } problem)
                await problem.WriteAsync(context);
            else
                await next(context);
        }
        catch (Exception) when (context.RequestAborted.IsCancellationRequested)
        {
            // The client has disconnected, so there is no response to write.
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
        finally
        {
            metrics.End(context);
        }
    }

    /// <summary>Adds a body to errors that the framework responds to without one.</summary>
    public static Task ExplainStatusAsync(Microsoft.AspNetCore.Diagnostics.StatusCodeContext context) =>
        ApiProblem.FromStatus(context.HttpContext.Response.StatusCode).WriteAsync(context.HttpContext);
}
