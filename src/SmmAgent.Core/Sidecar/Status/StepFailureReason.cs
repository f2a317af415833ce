using SmmAgent.Contract;
using SmmAgent.Core.Packages;

namespace SmmAgent.Core.Sidecar.Status;

/// <summary>Why a step of the privileged reconcile failed. The names are the texts in the report, the journal and the conditions.</summary>
public enum StepFailureReason
{
    /// <summary>A reason of another version, which this one does not know.</summary>
    Unknown,

    /// <summary>No step: something could not be observed, so nothing was planned for it.</summary>
    NotSeen,

    /// <summary>Files could not be written.</summary>
    NotWritten,

    /// <summary>The step failed for a reason that only the message describes.</summary>
    Failed,

    /// <summary>A user that came with the sidecar could not be removed. The restore counts as complete nevertheless.</summary>
    UserLeft,

    /// <summary>No dashboard is set.</summary>
    NoDashboard,

    /// <summary>The token that the dashboard sent cannot be used.</summary>
    TokenUnusable,

    // The dashboard did not give a token: the reasons of SmmAgent.Linux.Dashboard.FailureReasons.
    TokenMissing,
    TokenRefused,
    NotThisWorkloadGroup,
    WorkloadGroupNotFound,
    AgentKeyMismatch,
    DuplicateIdentity,
    AgentTooOld,
    RefusedInFront,
    RateLimited,
    DashboardUnreachable,
    DashboardError,
    InvalidAnswer,
    InvalidSettings,

    // A package could not be installed or removed: the members of PackageFailureReason.
    NotOffered,
    UnsafeFolder,
    Busy,
    DiskFull,
    Unreachable,
    Refused,
    Redirected,
    CutOff,
    WrongSize,
    WrongChecksum,
    NoTrustedKey,
    NoPackageList,
    BrokenPackageList,
    NotVerifiable,
    UnknownKey,
    BadSignature,
    ListExpired,
    ListSuperseded,
    NotInList,
    BelowMinimum,
    BrokenPackage,
    WrongPackage,
    WrongArchitecture,
    UnsafeContents,
    NoInstaller,
    MissingDependency,
    StillNeeded,
    DatabaseLocked,
    Downgrade,
    Interrupted,
    InstallFailed,
}

/// <summary>Makes a <see cref="StepFailureReason"/> of the reasons of those who do a part of the work.</summary>
public static class StepFailureReasons
{
    internal static EnumTexts<StepFailureReason> Texts { get; } = new(naming: null, StepFailureReason.Unknown);

    public static StepFailureReason From(PackageFailureReason reason) => Parse($"{reason}");

    /// <param name="reason">For example a reason of the dashboard's client.</param>
    public static StepFailureReason Parse(string reason) => Texts.Parse(reason);
}
