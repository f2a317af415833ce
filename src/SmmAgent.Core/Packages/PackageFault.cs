namespace SmmAgent.Core.Packages;

/// <summary>Why a package is not on the host, or not the one that was asked for.</summary>
public enum PackageFault
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
