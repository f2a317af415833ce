using System.Net.Http.Headers;
using k8s.Authentication;

namespace SmmDashboard.Kubernetes.Api;

/// <summary>A token in a file that the kubelet renews: read again each minute, and after a 401.</summary>
internal sealed class TokenFile(string path, TimeProvider time) : ITokenProvider
{
    private static readonly TimeSpan Kept = TimeSpan.FromMinutes(1);
    private readonly Lock _lock = new();
    private AuthenticationHeaderValue? _header;
    private DateTimeOffset _until;

    public Task<AuthenticationHeaderValue> GetAuthenticationHeaderAsync(CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            if (_header is null || time.GetUtcNow() >= _until)
            {
                // A file that is away for a moment costs nothing while the last token still works.
                _header = Read(path) ?? _header ?? throw new ApiSettingsException($"{path}: the service account's token cannot be read");
                _until = time.GetUtcNow() + Kept;
            }

            return Task.FromResult(_header);
        }
    }

    /// <summary>The server refused the token: the next call reads the file.</summary>
    public void Forget()
    {
        lock (_lock)
            _until = DateTimeOffset.MinValue;
    }

    private static AuthenticationHeaderValue? Read(string path)
    {
        try
        {
            var token = File.ReadAllText(path).Trim();
            return token.Length == 0 ? null : new AuthenticationHeaderValue("Bearer", token);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
