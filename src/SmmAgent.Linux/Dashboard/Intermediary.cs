using System.Net;
using SmmAgent.Contract;

namespace SmmAgent.Linux.Dashboard;

/// <summary>A proxy, a gateway, a firewall or another server that answered instead of the dashboard.</summary>
/// <param name="Server">The value of the header Server; null without one.</param>
/// <param name="FirstLine">The first line of the text, or the title of the page; empty when the answer has no text.</param>
/// <param name="Challenge">The scheme of WWW-Authenticate or Proxy-Authenticate, for example Basic; null without one.</param>
public sealed record Intermediary(string? Server, string FirstLine, string? Challenge)
{
    private const int MaximumLine = 120;

    private const string AcceptOldHttp = "have it accept HTTP/1.1, which the agent speaks";

    /// <summary>The subject of messages: <c>something in front of the dashboard (Server: istio-envoy)</c>.</summary>
    public string Description => $"something in front of the dashboard{(Server is null ? "" : $" (Server: {Server})")}";

    public string Quote => FirstLine.Length == 0 ? "" : $", and says '{FirstLine}'";

    /// <param name="hide">Removes secrets from a text.</param>
    internal static Intermediary From(HttpResponseMessage response, string body, Func<string, string> hide)
    {
        var server = response.Headers.Server.ToString();
        var challenge = response.Headers.WwwAuthenticate.Concat(response.Headers.ProxyAuthenticate).FirstOrDefault()?.Scheme;
        return new(
            server.Length == 0 ? null : OneLine.From(hide(server), MaximumLine),
            OneLine.From(hide(ReadFirstLine(body)), MaximumLine),
            challenge is null ? null : OneLine.From(challenge, 40));
    }

    /// <summary>What to do about the status of the answer.</summary>
    internal string Remediation(int status, DashboardTarget target) => (status, Challenge) switch
    {
        (_, "Basic" or "Digest" or "Negotiate" or "NTLM") =>
            $"have it let requests for {target.Url.Host} through without {Challenge} authentication: the agent has a bearer token only",
        (401 or 407, _) => "have it pass the header Authorization on to the dashboard unchanged, and require no login of its own",
        (403, _) =>
            "have it allow requests of VMs for /v1/ (an AuthorizationPolicy of the gateway, a web application firewall, an allow "
                + "list of addresses)",
        (404 or 421, _) =>
            $"have it route {target.Url.Host} and its path /v1/ to the dashboard; is that the dashboard's address? If not: sudo smm-agent "
                + "set dashboard-url URL",
        (400, _) when FirstLine.Contains("HTTP/2", StringComparison.OrdinalIgnoreCase) => AcceptOldHttp,
        (400, _) when FirstLine.Contains("certificate", StringComparison.OrdinalIgnoreCase) =>
            "have it require no client certificate: the agent has none",
        (426 or 464 or 505, _) => AcceptOldHttp,
        (429, _) => "have it allow more requests from this VM's address",
        (511, _) => "log this VM in to its network, or have the network let it through",
        (413 or 414 or 431, _) => "have it accept larger requests",
        (502 or 503 or 504 or (>= 520 and < 530), _) =>
            "see whether it reaches the dashboard: its backend, its health check and its time limits",
        _ => "see its own log and configuration",
    };

    private static string ReadFirstLine(string body)
    {
        if (body.IndexOf("<title>", StringComparison.OrdinalIgnoreCase) is var at and >= 0)
        {
            var title = body[(at + "<title>".Length)..];
            var end = title.IndexOf('<', StringComparison.Ordinal);
            return WebUtility.HtmlDecode(end < 0 ? title : title[..end]).Trim();
        }

        return body.Split('\n').Select(line => line.Trim())
            .FirstOrDefault(line => line.Length > 0 && !line.StartsWith("<!", StringComparison.Ordinal)) ?? "";
    }
}
