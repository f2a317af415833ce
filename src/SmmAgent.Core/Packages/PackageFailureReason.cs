namespace SmmAgent.Core.Packages;

/// <summary>The reason why a package was not installed or removed.</summary>
public enum PackageFailureReason
{
    /// <summary>The mesh configuration has no SHA-256 or no usable path for the package.</summary>
    NotOffered,

    /// <summary>The cache or a file in it could be changed by others, or cannot be written.</summary>
    UnsafeFolder,

    /// <summary>Another smm-agent uses the cache.</summary>
    Busy,
    DiskFull,
    Unreachable,

    /// <summary>The server answered, but with no package.</summary>
    Refused,
    Redirected,
    CutOff,
    WrongSize,
    WrongChecksum,

    /// <summary>No key is trusted, so no package list can name it.</summary>
    NoTrustedKey,

    /// <summary>The dashboard serves no signed package list.</summary>
    NoPackageList,

    /// <summary>The package list cannot be read.</summary>
    BrokenPackageList,

    /// <summary>This host cannot compute Ed25519 signatures.</summary>
    NotVerifiable,

    /// <summary>No trusted key has signed the package list.</summary>
    UnknownKey,

    /// <summary>The package list is not what was signed.</summary>
    BadSignature,

    /// <summary>The package list is no longer valid.</summary>
    ListExpired,

    /// <summary>The package list is older than one of the same key that this host has accepted.</summary>
    ListSuperseded,

    /// <summary>The package list does not name this package with these bytes.</summary>
    NotInList,

    /// <summary>The package list names it, but requires a newer version.</summary>
    BelowMinimum,

    /// <summary>The archive cannot be read.</summary>
    BrokenPackage,

    /// <summary>The name or version in the archive is not the one in the mesh configuration.</summary>
    WrongPackage,
    WrongArchitecture,

    /// <summary>A member of the archive is outside the folders that packages may use.</summary>
    UnsafeContents,
    NoInstaller,
    MissingDependency,

    /// <summary>It is not removed because another package depends on it.</summary>
    StillNeeded,
    DatabaseLocked,
    Downgrade,

    /// <summary>The installer was killed or exceeded its timeout; the next reconcile completes the installation.</summary>
    Interrupted,

    /// <summary>A script of the package failed, or the installer reported another error.</summary>
    InstallFailed,
}
