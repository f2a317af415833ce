using SmmAgent.Contract.Signing;

namespace SmmDashboard.Packages;

/// <summary>Renders the install script: packaging/install.sh with the URL of the dashboard and the checksums of the packages.</summary>
public static class InstallScript
{
    private const string Resource = "install.sh";
    private const string UrlPlaceholder = "'@PUBLIC_URL@'";
    private const string PackagesPlaceholder = "'@PACKAGES@'";
    private const string KeyPlaceholder = "'@PACKAGE_KEY@'";

    public static string Template { get; } = ReadTemplate();

    /// <param name="publicUrl">The URL of the dashboard.</param>
    /// <param name="packages">The packages.</param>
    /// <param name="key">The key that signs the packages; null without a key.</param>
    public static string Render(string publicUrl, IEnumerable<AgentPackage> packages, PackageKey? key)
    {
        var table = string.Join('\n', packages.Select(package => $"{package.Sha256} {package.Size} {package.File}"));
        return Template.Replace(PackagesPlaceholder, Quoted(table), StringComparison.Ordinal)
            .Replace(KeyPlaceholder, Quoted(key?.Text ?? ""), StringComparison.Ordinal)
            .Replace(UrlPlaceholder, Quoted(publicUrl), StringComparison.Ordinal);
    }

    // Quotes the text so that the shell always reads it as one word.
    private static string Quoted(string text) => $"'{text.Replace("'", @"'\''", StringComparison.Ordinal)}'";

    private static string ReadTemplate()
    {
        using var stream = typeof(InstallScript).Assembly.GetManifestResourceStream(Resource)
            ?? throw new InvalidOperationException($"the resource {Resource} is missing");
        using var reader = new StreamReader(stream);
        var template = reader.ReadToEnd();
        foreach (var placeholder in new[] { UrlPlaceholder, PackagesPlaceholder, KeyPlaceholder })
        {
            if (template.Split(placeholder).Length != 2)
                throw new InvalidOperationException($"{Resource} does not contain {placeholder} exactly once");
        }

        return template;
    }
}
