namespace SmmAgent.Core.Packages;

/// <summary>Why a package is not on the host, or not the one that was asked for.</summary>
public enum PackageFailureReason
{
    /// <summary>The mesh configuration names no SHA-256, or nothing that could be fetched.</summary>
    NotOffered,

    /// <summary>The cache or a file in it could be changed by others, or cannot be written.</summary>
    UnsafeFolder,

    /// <summary>Another smm-agent is at work in the cache.</summary>
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

    /// <summary>The package list names it, but wants a newer version at least.</summary>
    BelowMinimum,

    /// <summary>The archive cannot be read.</summary>
    BrokenPackage,

    /// <summary>The archive says another name or version of itself than the mesh configuration.</summary>
    WrongPackage,
    WrongArchitecture,

    /// <summary>A member of the archive lies where no member may lie.</summary>
    UnsafeContents,
    NoInstaller,
    MissingDependency,

    /// <summary>It is not removed because another package depends on it.</summary>
    StillNeeded,
    DatabaseLocked,
    Downgrade,

    /// <summary>The installer was killed or ran out of time; the next pass completes it.</summary>
    Interrupted,

    /// <summary>A script of the package failed, or anything else that the installer says.</summary>
    InstallFailed,
}
