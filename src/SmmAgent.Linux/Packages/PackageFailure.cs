using SmmAgent.Core.Packages;

namespace SmmAgent.Linux.Packages;

/// <summary>What went wrong with a package, and what to do about it where there is something.</summary>
/// <param name="Message">One line.</param>
public sealed record PackageFailure(PackageFailureReason Reason, string Message, string? Remediation = null)
{
    public override string ToString() => Remediation is null ? Message : $"{Message}; {Remediation}";
}
