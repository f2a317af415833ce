using SmmAgent.Core.Packages;

namespace SmmAgent.Linux.Packages;

/// <summary>The failure of an operation on a package, with a remediation where there is one.</summary>
/// <param name="Message">One line.</param>
public sealed record PackageFailure(PackageFailureReason Reason, string Message, string? Remediation = null)
{
    public override string ToString() => Remediation is null ? Message : $"{Message}; {Remediation}";
}
