using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace SmmDashboard.Admin.Serving;

/// <summary>Marks the connections of the admin listener, so that the API is not served there, and the pages not with the API.</summary>
internal sealed class AdminConnection
{
    private AdminConnection()
    {
    }

    public static void Mark(ListenOptions listen) => listen.Use(next => connection =>
    {
        connection.Features.Set(new AdminConnection());
        return next(connection);
    });

    /// <summary>Whether the request came to the admin listener. The Host header is ignored.</summary>
    public static bool IsFor(HttpContext context) => context.Features.Get<AdminConnection>() is not null;
}
