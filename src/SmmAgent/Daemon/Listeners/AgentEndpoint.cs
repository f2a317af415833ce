using System.Text;
using Microsoft.AspNetCore.Http;
using SmmAgent.Contract;
using SmmAgent.Core.Status;
using SmmAgent.Linux.Dashboard;

namespace SmmAgent.Daemon.Listeners;

/// <summary>Port 16400: health, metrics and dial-back of the agent.</summary>
/// <param name="isReady">Whether READY was sent to systemd.</param>
/// <param name="metrics">Returns the current metrics.</param>
/// <param name="isNonceValid">Whether a dial-back with this nonce is expected now.</param>
/// <param name="uuid">The uuid of the agent; null before it is created.</param>
public sealed class AgentEndpoint(Func<bool> isReady, Func<string> metrics, Func<string, bool> isNonceValid, Func<Guid?> uuid)
{
    private const string DialBack = "/dial-back/";
    private const int MaximumNonce = 128;

    public Task ServeAsync(HttpExchange exchange) => exchange.Path switch
    {
        "/healthz" => exchange.AnswerAsync(StatusCodes.Status200OK, "ok"),
        "/readyz" => isReady() ? exchange.AnswerAsync(StatusCodes.Status200OK, "ok") : exchange.UnavailableAsync("not ready yet"),
        "/metrics" => exchange.AnswerAsync(StatusCodes.Status200OK, metrics(), MetricsText.ContentType),
        var path when path.StartsWith(DialBack, StringComparison.Ordinal) => DialBackAsync(exchange, path[DialBack.Length..]),
        _ => exchange.NotFoundAsync(),
    };

    // Only a client that knows the nonce gets the uuid; all others get the answer of an unknown path.
    private Task DialBackAsync(HttpExchange exchange, string nonce)
    {
        if (nonce.Length is 0 or > MaximumNonce || uuid() is not { } self || !isNonceValid(nonce))
            return exchange.NotFoundAsync();

        var identity = Encoding.UTF8.GetString(DashboardJson.Write(new DialBackIdentity(self.ToString())));
        return exchange.AnswerAsync(StatusCodes.Status200OK, identity, "application/json");
    }
}
