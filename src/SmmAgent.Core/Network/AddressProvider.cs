namespace SmmAgent.Core.Network;

/// <summary>A service that reports the address of this VM.</summary>
/// <param name="Url">Null for the dashboard, which is requested as for its other calls.</param>
public sealed record AddressProvider(Uri? Url)
{
    /// <summary>The word for the dashboard in <c>node.addressProviders</c>, and the source of an address that it reported.</summary>
    public const string DashboardWord = "dashboard";

    public AddressProvider(string url)
        : this(new Uri(url))
    {
    }

    public static AddressProvider Dashboard { get; } = new((Uri?)null);

    /// <summary>The provider for people and files, without secrets.</summary>
    public string Name => Url is null ? DashboardWord : Shown(Url);

    /// <summary>A URL without user, password and query.</summary>
    internal static string Shown(Uri url) =>
        url.GetComponents(UriComponents.SchemeAndServer | UriComponents.Path, UriFormat.UriEscaped);
}
