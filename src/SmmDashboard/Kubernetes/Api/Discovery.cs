namespace SmmDashboard.Kubernetes.Api;

/// <summary>Asks the API server which version of a kind it serves.</summary>
internal sealed class Discovery(KubernetesApi api)
{
    /// <returns>The version to use; null when the server is ready and does not serve the kind.</returns>
    /// <exception cref="ApiException">The server is unreachable or starting.</exception>
    public async Task<string?> FindVersionAsync(ApiResource resource, CancellationToken cancellationToken)
    {
        var call = $"discover {resource.Kind}";
        // A server that starts answers 404 for a kind of a CRD until it has read the CRDs.
        await ReadyAsync(call, cancellationToken);
        var served = await ServedVersionsAsync(resource, call, cancellationToken);
        foreach (var version in resource.Versions.Where(served.Contains))
        {
            var kinds = await api.FindAsync(call, $"{resource.GroupPath}/{version}", ApiJson.Default.ApiResourceList, cancellationToken);
            if (kinds?.Resources?.Any(kind => kind.Name == resource.Plural) is true)
                return version;
        }

        return null;
    }

    private async Task<HashSet<string>> ServedVersionsAsync(ApiResource resource, string call, CancellationToken cancellationToken)
    {
        if (resource.Group.Length == 0)
            return ["v1"];

        var group = await api.FindAsync(call, resource.GroupPath, ApiJson.Default.ApiGroup, cancellationToken);
        return [.. (group?.Versions ?? []).Select(version => version.Version ?? "")];
    }

    private async Task ReadyAsync(string call, CancellationToken cancellationToken)
    {
        try
        {
            await api.GetAsync($"{call}: readiness of the API server", "readyz", cancellationToken);
        }
        catch (ApiException fault) when (fault.Fault is ApiFault.Forbidden or ApiFault.NotFound)
        {
            // The server does not report its readiness, so its discovery is trusted.
        }
    }
}
