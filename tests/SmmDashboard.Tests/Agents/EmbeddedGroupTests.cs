using System.Net;
using SmmDashboard.Agents;
using SmmDashboard.Embedded.Agents;

namespace SmmDashboard.Tests.Agents;

/// <summary>The indexes of the agents of a group, compared with a search of all agents.</summary>
public sealed class EmbeddedGroupTests
{
    private static readonly DateTimeOffset Start = DateTimeOffset.UnixEpoch;

    [Fact]
    public void IndexesEqualSearchOfAllAgents()
    {
        var random = new Random(20_264);
        var uuids = Enumerable.Range(1, 6).Select(number => new Guid(number, 0, 0, new byte[8])).ToArray();
        IPAddress?[] addresses = [null, IPAddress.Parse("10.0.0.1"), IPAddress.Parse("10.0.0.2"), IPAddress.Parse("2001:db8::1")];
        string[] instances = ["a", "b", "c", "d"];
        var (indexed, all) = (new EmbeddedGroup(), new Dictionary<Guid, KnownAgent>());
        for (var step = 0; step < 3_000; step++)
        {
            var uuid = uuids[random.Next(uuids.Length)];
            if (random.Next(4) == 0)
            {
                indexed.Remove(uuid);
                all.Remove(uuid);
            }
            else
            {
                var seen = instances.Where(_ => random.Next(3) == 0).Select(id => new AgentInstance(id, "vm", null, Start, Start));
                var agent = new KnownAgent([], addresses[random.Next(addresses.Length)], Start.AddSeconds(step))
                {
                    Instances = new(seen.ToList()), IsProven = random.Next(2) == 0,
                };
                indexed.Set(uuid, agent);
                all[uuid] = agent;
            }

            Assert.Equal(all.Count, indexed.Count);
            Assert.All(uuids, one => Assert.Same(all.GetValueOrDefault(one), indexed.Find(one)));
            Assert.All(addresses, address => Assert.Equal(
                all.Where(one => one.Value.IsProven && Equals(one.Value.Address, address)).Select(one => one.Key).Order(),
                indexed.FindProven(address).Order()));
            Assert.All(instances, instance => Assert.Equal(
                all.Where(one => one.Value.Instances.Seen.Any(seen => seen.Id == instance)).Select(one => one.Key).Order(),
                indexed.FindInstance(instance).Order()));
        }
    }
}
