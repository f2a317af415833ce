using SmmAgent.Bed;

namespace SmmAgent.VmTests;

/// <summary>One cluster for the tests of a class; each test boots a VM of its own.</summary>
public sealed class VmFixture : IAsyncLifetime
{
    /// <summary>Booted VMs share one control group (--keep-unit, because the host need have no systemd): each is alone in it.</summary>
    public const string OneAtATime = "one VM at a time";

    private MeshBed? _bed;

    /// <summary>The bed; the test is skipped where no VM can be booted.</summary>
    public MeshBed Bed
    {
        get
        {
            Assert.SkipUnless(_bed is not null, VmRoot.Missing() ?? "");
            return _bed;
        }
    }

    /// <summary>A VM with a firewall that drops by default and an agent that is configured.</summary>
    public Task<BootedVm> BootAsync()
    {
        Bed.DropByDefault();
        return BootWithoutFirewallAsync();
    }

    /// <summary>A VM on which nobody ever touched the firewall, and an agent that is configured.</summary>
    public async Task<BootedVm> BootWithoutFirewallAsync()
    {
        var vm = await BootedVm.StartAsync(Bed);
        vm.Configure();
        return vm;
    }

    public async ValueTask InitializeAsync()
    {
        if (VmRoot.Missing() is null)
            _bed = await MeshBed.StartAsync();
    }

    public async ValueTask DisposeAsync()
    {
        if (_bed is not null)
            await _bed.DisposeAsync();
    }
}
