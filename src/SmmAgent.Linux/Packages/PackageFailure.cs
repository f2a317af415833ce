using SmmAgent.Core.Packages;

namespace SmmAgent.Linux.Packages;

/// <summary>What went wrong with a package, and what to do about it where there is something.</summary>
/// <param name="Message">One line.</param>
public sealed record PackageFailure(PackageFault Fault, string Message, string? Cure = null)
{
    public override string ToString() => Cure is null ? Message : $"{Message}; {Cure}";
}
