using System.Security.Cryptography;
using SmmAgent.Contract;
using SmmDashboard.Hosting;
using YamlDotNet.Core;
using k8s;
using k8s.Authentication;
using k8s.Exceptions;

namespace SmmDashboard.Kubernetes.Api;

/// <summary>Where the API server is and how to log in: a pod's service account, or a kubeconfig.</summary>
public sealed class ApiSettings
{
    /// <summary>Where the kubelet puts the files of a pod's service account.</summary>
    public const string ServiceAccountFolder = "/var/run/secrets/kubernetes.io/serviceaccount";

    private ApiSettings(KubernetesClientConfiguration client, ITokenProvider? tokens, TrustedAuthorities? authorities) =>
        (Client, Tokens, Authorities) = (client, tokens, authorities);

    /// <summary>The address of the API server.</summary>
    public Uri Server => new(Client.Host);

    /// <summary>The pod's namespace or that of the kubeconfig's context; null when neither has one.</summary>
    public string? Namespace => string.IsNullOrWhiteSpace(Client.Namespace) ? null : Client.Namespace.Trim();

    internal KubernetesClientConfiguration Client { get; }

    /// <summary>Null for a client certificate.</summary>
    internal ITokenProvider? Tokens { get; }

    /// <summary>Null means the system's.</summary>
    internal TrustedAuthorities? Authorities { get; }

    /// <summary>The configuration of a pod.</summary>
    /// <param name="environment">Reads an environment variable.</param>
    /// <param name="folder">With the files <c>token</c>, <c>ca.crt</c> and <c>namespace</c>.</param>
    /// <param name="time">Decides when the files are read again: each minute.</param>
    /// <exception cref="ApiSettingsException">The process does not run in a pod, or the pod has no service account.</exception>
    public static ApiSettings InCluster(Func<string, string?> environment, string folder, TimeProvider time)
    {
        var host = environment("KUBERNETES_SERVICE_HOST");
        if (string.IsNullOrWhiteSpace(host))
            throw new ApiSettingsException(
                "KUBERNETES_SERVICE_HOST is not set, so the program does not run in a pod: run it in one, or name a kubeconfig with "
                    + "--kubeconfig FILE");

        var port = environment("KUBERNETES_SERVICE_PORT");
        if (!ushort.TryParse(port, out var number) || number == 0)
            throw new ApiSettingsException($"KUBERNETES_SERVICE_PORT '{port}' is not a port: the kubelet sets a number from 1 to 65535");

        var address = $"https://{(host.Contains(':') && !host.StartsWith('[') ? $"[{host}]" : host)}:{number}";
        if (!Uri.TryCreate(address, UriKind.Absolute, out var server))
            throw new ApiSettingsException($"KUBERNETES_SERVICE_HOST '{host}' is neither an address nor a DNS name");

        var tokens = new TokenFile(Path.Combine(folder, "token"), time);
        var authorities = TrustedAuthorities.FromFile(Path.Combine(folder, "ca.crt"), time);
        var client = new KubernetesClientConfiguration { Host = server.AbsoluteUri };
        var space = Path.Combine(folder, "namespace");
        if (File.Exists(space))
            client.Namespace = File.ReadAllText(space);
        return new(client, tokens, authorities);
    }

    /// <summary>The current context of a kubeconfig.</summary>
    /// <exception cref="ApiSettingsException">The file is unreadable, or has something that is not supported.</exception>
    public static ApiSettings FromKubeconfig(string file, TimeProvider time)
    {
        KubernetesClientConfiguration client;
        try
        {
            // The library reports every file that it cannot open as a missing one.
            File.OpenRead(file).Dispose();
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new ApiSettingsException(
                file.Length == 0
                    ? "--kubeconfig '': the name of the file is empty"
                    : $"{file}: not a usable kubeconfig: {FileReason.From(fault, file)}; give another file: --kubeconfig FILE",
                fault);
        }

        try
        {
            client = KubernetesClientConfiguration.BuildConfigFromConfigFile(new FileInfo(file));
        }
        catch (Exception fault) when (fault is not OutOfMemoryException)
        {
            throw new ApiSettingsException(
                $"{file}: not a usable kubeconfig: {Reason(fault)}; to see what is in it: kubectl --kubeconfig {file} config view", fault);
        }

        if (!string.IsNullOrEmpty(client.Username))
            throw new ApiSettingsException(
                $"{file}: the user has a user name and a password, which no API server accepts since Kubernetes 1.19: use a token or a "
                    + "client certificate");
        if (client.SkipTlsVerify)
            throw new ApiSettingsException(
                $"{file}: insecure-skip-tls-verify is not supported: name the CA in certificate-authority or certificate-authority-data");
        if (!client.Host.StartsWith("https://", StringComparison.OrdinalIgnoreCase))
            throw new ApiSettingsException($"{file}: the server {client.Host} is not https: a token would be sent in clear text");

        var tokens = client.TokenProvider
            ?? (string.IsNullOrEmpty(client.AccessToken) ? null : new StringTokenProvider(client.AccessToken, "Bearer"));
        var authorities = client.SslCaCerts is { Count: > 0 } given ? TrustedAuthorities.Fixed(given, time) : null;
        // This client's own handler sets the token and checks the certificate: the library's check ignores the host name.
        (client.TokenProvider, client.AccessToken, client.SslCaCerts) = (null, null, null);
        return new(client, tokens, authorities);
    }

    private static string Reason(Exception fault) => fault switch
    {
        KubeConfigException when fault.Message.StartsWith("Cannot infer server", StringComparison.Ordinal) =>
            "its current context has no cluster with a server",
        KubeConfigException => OneLine.From(fault.Message, OneLine.MaximumDetail).TrimEnd('.'),
        IOException or UnauthorizedAccessException => FileReason.Describe(fault), // a file that it names
        YamlException yaml => $"it is not valid YAML, or a value has another type, in line {yaml.Start.Line}",
        FormatException or CryptographicException => "a certificate or key in it cannot be decoded",
        // The library does not check whether a member exists.
        _ => "it has no current context with a cluster and a user",
    };
}

/// <summary>The configuration for the Kubernetes API is missing or wrong. The message is one line for the operator.</summary>
public sealed class ApiSettingsException(string message, Exception? inner = null) : Exception(message, inner);
