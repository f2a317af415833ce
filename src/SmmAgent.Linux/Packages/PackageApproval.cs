using SmmAgent.Contract;
using SmmAgent.Contract.Signing;
using SmmAgent.Core.Packages;
using SmmAgent.Linux.Files;

namespace SmmAgent.Linux.Packages;

/// <summary>Where packages come from, and which of them may be installed.</summary>
public sealed record PackageSupply(PackageSource Source, PackageApproval Approval);

/// <summary>Decides whether root may install a package. A dashboard without a trusted key cannot pass this check.</summary>
/// <param name="accepted">Null where nothing is installed, so that no list is recorded.</param>
public sealed class PackageApproval(PackageTrust trust, AcceptedLists? accepted, TimeProvider time)
{
    private const string SignHint = "sign the dashboard's packages: smm-dashboard sign-packages --key FILE DIR";

    private (PackageList List, PackageKey Key)? _known;

    /// <summary>Fetches the package list where one is needed, and checks the package against it.</summary>
    /// <returns>Why the package may not be installed; null when it may.</returns>
    public async Task<PackageFailure?> ApproveAsync(PackageSource source, Package package, CancellationToken cancel)
    {
        if (trust.AllowsWithoutList(package))
            return null;
        if (trust.NeverAllowedReason(package) is { } never)
            return new(PackageFailureReason.NoTrustedKey, $"{package.NameAndVersion()} is not installed: {never}");

        var (file, failure) = await source.GetListAsync(cancel);
        failure ??= Open(file!);
        return failure is null ? Recheck(package) : About(package, failure);
    }

    /// <summary>Checks a file that another program has downloaded against the package list.</summary>
    /// <param name="name">The expected name of the package.</param>
    /// <returns>The package, or the reason why it may not be installed.</returns>
    public (Package? Package, PackageFailure? Failure) Approve(byte[] list, string name, string sha256)
    {
        var unknown = new Package
        {
            Name = name, Version = "", Format = PackageFormat.Unknown, Architecture = "", Path = "",
            Sha256 = sha256
        };
        if ((trust.NeverAllowedReason(unknown) is { } never ? new(PackageFailureReason.NoTrustedKey, never) : Open(list)) is { } failure)
            return (null, failure);
        if (_known!.Value.List.Packages.FirstOrDefault(one => one.Name == name
            && one.Sha256.Equals(sha256, StringComparison.OrdinalIgnoreCase)) is not { } listed)
            return (null, new(PackageFailureReason.NotInList, $"the dashboard's package list has no {name} with the SHA-256 {sha256}",
                RemediationFor(PackageFailureReason.NotInList)));

        var package = unknown with
        {
            Version = listed.Version,
            Format = listed.Format,
            Architecture = listed.Architecture,
            Size = listed.Size
        };
        return Recheck(package) is { } refusal ? (null, refusal) : (package, null);
    }

    private PackageFailure? Open(byte[] file)
    {
        switch (SignedPackageList.Open(file, trust.Keys))
        {
            case ListOpening.Opened { List: var list, Key: var key }:
                _known = (list, key);
                return null;
            case ListOpening.Refused { Error: var fault, Message: var reason }:
                return Failure(fault, $"the dashboard's package list {reason}");
            default:
                throw new InvalidOperationException("a list is either opened or refused");
        }
    }

    /// <summary>Checks the package again, just before its installation, against the list that <see cref="ApproveAsync"/> fetched.</summary>
    /// <returns>Why the package may not be installed; null when it may. From then on, no older list is accepted.</returns>
    public PackageFailure? Recheck(Package package)
    {
        if (trust.AllowsWithoutList(package))
            return null;
        if (_known is not var (list, key))
            return About(package, new(PackageFailureReason.NoPackageList, "no package list names it"));

        try
        {
            if (PackageTrust.Refusal(list, package, accepted?.Newest(key), time.GetUtcNow()) is var (fault, reason))
                return About(package, new(fault, reason, RemediationFor(fault)));

            accepted?.Accept(key, list.Issued);
            return null;
        }
        catch (Exception exception) when (FileErrors.IsExpected(exception))
        {
            return About(package, new(PackageFailureReason.ListSuperseded, exception.Message));
        }
    }

    private static PackageFailure Failure(ListError fault, string reason) => fault switch
    {
        ListError.UnknownKey => new(PackageFailureReason.UnknownKey, reason, $"if that key is right, {PackageTrust.HowToTrust}"),
        ListError.BadSignature => new(PackageFailureReason.BadSignature, reason, SignHint),
        ListError.NotVerifiable =>
            new(PackageFailureReason.NotVerifiable, reason,
                "for the sidecar, add the package's SHA-256 to sidecar.packageSha256s in /etc/smm/agent.yaml"),
        _ => new(PackageFailureReason.BrokenPackageList, reason, SignHint),
    };

    private static string? RemediationFor(PackageFailureReason fault) => fault switch
    {
        PackageFailureReason.ListExpired or PackageFailureReason.ListSuperseded => SignHint,
        PackageFailureReason.NotInList => $"if the package is right, {SignHint}",
        _ => null,
    };

    private static PackageFailure About(Package package, PackageFailure failure) =>
        failure with { Message = $"{package.NameAndVersion()} is not installed: {failure.Message}" };
}
