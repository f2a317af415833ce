using System.Globalization;
using System.Net;

namespace MeshStandIn;

/// <summary>The command line.</summary>
public sealed record StandInOptions
{
    public const string Usage =
        """
        usage: mesh-stand-in [--address IP…] --certificates DIR [--san NAME…] [--expired] [--not-ready]
                             [--forward-15012 HOST:PORT] [--echo PORT|IP:PORT] [--dns IP:PORT]
          --address        a meshexpansion gateway on all six ports of each address
          --certificates   folder of root-cert.pem and root-key.pem, made when absent; istiod-cert.pem and istiod-key.pem are written there unless --expired
          --san            the names of istiod's certificate (istiod.istio-system.svc); may be given several times
          --expired        istiod's certificate expired yesterday
          --not-ready      15021 answers 503
          --forward-15012  hands connections on 15012 on as they are
          --echo           GET /ip answers with the client's address
          --dns            a name server that knows no name
        """;

    public IReadOnlyList<IPAddress> Addresses { get; init; } = [];

    public string? Certificates { get; init; }

    public IReadOnlyList<string> Names { get; init; } = [];

    public bool IsExpired { get; init; }

    public bool IsNotReady { get; init; }

    public (string Host, int Port)? Forward { get; init; }

    public IPEndPoint? Echo { get; init; }

    public IPEndPoint? NameServer { get; init; }

    /// <exception cref="FormatException">An argument is invalid.</exception>
    public static StandInOptions Parse(IReadOnlyList<string> arguments)
    {
        var options = new StandInOptions();
        for (var i = 0; i < arguments.Count;)
        {
            var name = arguments[i++];
            var values = arguments.Skip(i).TakeWhile(value => !value.StartsWith("--", StringComparison.Ordinal)).ToList();
            i += values.Count;
            options = (name, values) switch
            {
                ("--address", [_, ..]) => options with { Addresses = [.. options.Addresses, .. values.Select(IPAddress.Parse)] },
                ("--certificates", [var directory]) => options with { Certificates = directory },
                ("--san", [_, ..]) => options with { Names = [.. options.Names, .. values] },
                ("--expired", []) => options with { IsExpired = true },
                ("--not-ready", []) => options with { IsNotReady = true },
                ("--forward-15012", [var target]) => options with { Forward = HostAndPort(target) },
                ("--echo", [var port]) => options with { Echo = EchoEndpoint(port) },
                ("--dns", [var endpoint]) => options with { NameServer = IPEndPoint.Parse(endpoint) },
                _ => throw new FormatException($"'{name} {string.Join(' ', values)}' is not understood"),
            };
        }

        if (options.Addresses.Count == 0 && options.Echo is null && options.NameServer is null && options.Certificates is null)
            throw new FormatException("there is nothing to do");
        return options.Addresses.Count > 0 && options.Certificates is null
            ? throw new FormatException("--address needs --certificates")
            : options.Names.Count > 0 ? options : options with { Names = ["istiod.istio-system.svc"] };
    }

    private static (string Host, int Port) HostAndPort(string text)
    {
        var colon = text.LastIndexOf(':');
        return colon > 0 && int.TryParse(text.AsSpan(colon + 1), CultureInfo.InvariantCulture, out var port)
            ? (text[..colon].Trim('[', ']'), port)
            : throw new FormatException($"'{text}' is not of the form HOST:PORT");
    }

    private static IPEndPoint EchoEndpoint(string text) =>
        int.TryParse(text, CultureInfo.InvariantCulture, out var port)
            ? new(System.Net.Sockets.Socket.OSSupportsIPv6 ? IPAddress.IPv6Any : IPAddress.Any, port)
            : IPEndPoint.Parse(text);
}
