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
            {
                await next(context);
                // Errors that the framework responds to have no body. A middleware of its own for them would cost memory in each held
                // request.
                if (IsWithoutBody(context.Response))
                    await ApiProblem.FromStatus(context.Response.StatusCode).WriteAsync(context);
            }
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

    private static bool IsWithoutBody(HttpResponse response) =>
        !response.HasStarted && response is { StatusCode: >= 400 and < 600, ContentLength: null, ContentType: null or "" };
}
