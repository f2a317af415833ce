using SmmDashboard.Agents;
using SmmDashboard.Groups;
using RegistrationAnswer = SmmAgent.Contract.Registration;

namespace SmmDashboard.Registration;

/// <summary>Knows whether a VM has a WorkloadEntry, and why not.</summary>
public interface IRegistrations
{
    /// <exception cref="Http.UnavailableException">It cannot be said now.</exception>
    ValueTask<RegistrationAnswer> FindAsync(ServedGroup group, Guid uuid, KnownAgent agent, CancellationToken cancellationToken);
}
