using SmmDashboard.Agents;
using SmmDashboard.Groups;
using RegistrationAnswer = SmmAgent.Contract.Registration;

namespace SmmDashboard.Registration;

/// <summary>Finds whether a VM has a WorkloadEntry, and the reason if it has none.</summary>
public interface IRegistrations
{
    /// <exception cref="Http.UnavailableException">The state of the registration is unknown now.</exception>
    ValueTask<RegistrationAnswer> FindAsync(ServedGroup group, Guid uuid, KnownAgent agent, CancellationToken cancellationToken);
}
