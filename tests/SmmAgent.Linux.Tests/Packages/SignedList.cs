using System.Text;
using SmmAgent.Contract;
using SmmAgent.Contract.Signing;
using SmmAgent.Linux.Packages;

namespace SmmAgent.Linux.Tests.Packages;

/// <summary>The package list of a dashboard, signed with a generated key.</summary>
internal sealed class SignedList : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("smm-list-");
    private readonly PackageSigningKey _key = PackageSigningKey.New();

    private byte[]? _file;

    public SignedList(RawServer server) => server.Answers = request =>
        !request.Head.StartsWith("GET /packages/package-list.json ", StringComparison.Ordinal) ? RawServer.Answer("404 Not Found", "")
        : _file is null ? RawServer.Answer("404 Not Found", "")
        : RawServer.Answer("200 OK", Encoding.UTF8.GetString(_file));

    public PackageKey Key => _key.Public;

    public DateTimeOffset Now { get; set; } = TimeProvider.System.GetUtcNow();

    public string AcceptedFile => Path.Combine(_folder.FullName, "state", "package-lists");

    public PackageApproval Approval(params PackageKey[] trusted) =>
        new(new(trusted.Length > 0 ? trusted : [Key], AllowsUnsignedSidecar: false, []), new(AcceptedFile), TimeProvider.System);

    public void Sign(params Package[] packages) => _file = Seal(Now, packages);

    /// <summary>Serves exactly these bytes; null for a dashboard that has no list.</summary>
    public void Serve(byte[]? file) => _file = file;

    public byte[] Seal(DateTimeOffset issued, params Package[] packages) => SignedPackageList.Seal(
        new()
        {
            Format = PackageList.CurrentFormat, Issued = issued, Expires = issued.AddDays(1),
            Packages =
            [
                .. packages.Select(package => new ListedPackage
                {
                    Name = package.Name, Version = package.Version, Format = package.Format, Architecture = package.Architecture,
                        Size = package.Size ?? 0, Sha256 = package.Sha256!,
                }),
            ],
        },
        [_key]);

    public void Dispose() => _folder.Delete(recursive: true);
}
