using SmmDashboard.Access;
using SmmDashboard.Admin.Viewers;
using SmmDashboard.Http;

namespace SmmDashboard.Tests.Running;

/// <summary>Viewers of the admin listener by fixed tokens.</summary>
internal sealed class TestViewers : IViewers
{
    /// <summary>The token of a viewer that may read everything.</summary>
    public const string Good = "token-of-a-viewer";

    /// <summary>Another token of a viewer that may read everything. It is never known.</summary>
    public const string Other = "token-of-another-viewer";

    /// <summary>The token of a viewer that may read machines only.</summary>
    public const string MachinesOnly = "token-for-machines-only";

    public const string WithoutRights = "token-without-rights";

    private static readonly HashSet<string> None = [];

    /// <summary>Whether the rights cannot be checked now.</summary>
    public bool IsUnavailable { get; set; }

    public bool RequireToken => true;

    public bool IsKnown(PresentedToken token) => token.Reveal() == Good;

    public ValueTask<(Viewer? Viewer, ApiProblem? Problem)> AdmitAsync(PresentedToken? token, CancellationToken cancellationToken) =>
        IsUnavailable ? throw new UnavailableException("not now", TimeSpan.FromSeconds(5))
        : ValueTask.FromResult<(Viewer?, ApiProblem?)>(token?.Reveal() switch
        {
            Good or Other => (Viewer.Everything with { Name = "viewer" }, null),
            MachinesOnly => (new Viewer("viewer", null, None), null),
            WithoutRights => (new Viewer("viewer", None, None), null),
            _ => (null, ApiProblem.TokenRefused("TokenUnknown", "the token is not known")),
        });
}
