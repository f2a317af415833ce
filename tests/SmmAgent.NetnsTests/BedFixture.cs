using SmmAgent.Testbed;

namespace SmmAgent.NetnsTests;

/// <summary>One bed for the tests of a class; the VM's firewall drops by default, its workload listens.</summary>
public sealed class BedFixture : IAsyncLifetime
{
    private MeshTestbed? _bed;

    /// <summary>The bed; the test is skipped where it cannot be made.</summary>
    public MeshTestbed Bed
    {
        get
        {
            Assert.SkipUnless(_bed is not null, Programs.Missing() ?? "");
            return _bed;
        }
    }

    public async ValueTask InitializeAsync()
    {
        if (Programs.Missing() is not null)
            return;

        _bed = await MeshTestbed.StartAsync();
        _bed.DropByDefault();
        await _bed.StartWorkloadAsync(8080);
        await _bed.StartWorkloadAsync(8082);
    }

    public async ValueTask DisposeAsync()
    {
        if (_bed is not null)
            await _bed.DisposeAsync();
    }
}
