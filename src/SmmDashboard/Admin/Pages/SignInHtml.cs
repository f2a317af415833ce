namespace SmmDashboard.Admin.Pages;

/// <summary>The page on which a browser presents a bearer token.</summary>
internal static class SignInHtml
{
    /// <param name="fault">Why the last token was refused; null at first.</param>
    /// <param name="audience">The audience of a token for this dashboard.</param>
    public static string Create(string? fault, string audience)
    {
        var html = Layout.Begin("Sign in", "", frame: null);
        if (fault is not null)
            html.Add($"<p class=\"fault\" role=\"alert\" id=\"fault\">{fault}</p>\n");
        html.Add($"""
            <form method="post" action="/sign-in" class="sign-in" autocomplete="off">
            <label for="token">Bearer token of a user or a service account</label>
            <textarea id="token" name="token" required spellcheck="false" autocapitalize="off" aria-describedby="help"></textarea>
            <p><button type="submit">Sign in</button></p>
            <p id="help" class="faint">You see the namespaces in which the account may get attachedmachines.smm-agent.io and
            workloadgroups.networking.istio.io. A token for this dashboard only:</p>
            <pre><code>kubectl -n NAMESPACE create token SERVICEACCOUNT --audience {audience} --duration 8h</code></pre>
            <p class="faint">The token stays in the memory of the dashboard. The browser gets a session cookie, for at most eight hours.</p>
            </form>

            """);
        return Layout.End(html);
    }
}
