using SmmAgent.Testbed;

namespace SmmAgent.VmTests;

/// <summary>One cluster for the tests of a class; each test boots its own VM.</summary>
public class VmFixture : IAsyncLifetime
{
    private readonly InstalledAgents _agents;
    private readonly bool _https;
    private MeshTestbed? _testbed;
    private bool _hasWorkloads;

    public VmFixture(InstalledAgents agents)
        : this(agents, https: false)
    {
    }

    private protected VmFixture(InstalledAgents agents, bool https) => (_agents, _https) = (agents, https);

    /// <summary>The testbed; the test is skipped where no VM can be booted.</summary>
    public MeshTestbed Testbed
    {
        get
        {
            Assert.SkipUnless(_testbed is not null, Programs.Missing() ?? "");
            return _testbed;
        }
    }

    /// <summary>Boots a VM with a firewall that drops by default, and without the agent.</summary>
    public Task<BootedVm> BootBareAsync(string distribution = Distribution.Usual) => StartAsync(new VmDisk(Chosen(distribution).Root));

    /// <summary>Boots such a VM with the package of the agent, without a configuration.</summary>
    public async Task<BootedVm> BootInstalledAsync(string distribution = Distribution.Usual)
    {
        var chosen = Chosen(distribution);
        return await StartAsync(await _agents.NewDiskAsync(Testbed, chosen));
    }

    /// <summary>Boots such a VM with a configured agent.</summary>
    public async Task<BootedVm> BootAsync(string distribution = Distribution.Usual) =>
        await ConfiguredAsync(await BootInstalledAsync(distribution));

    /// <summary>Boots a VM with a configured agent and a firewall that was never changed.</summary>
    public async Task<BootedVm> BootWithoutFirewallAsync()
    {
        var chosen = Chosen(Distribution.Usual);
        return await ConfiguredAsync(await BootedVm.StartAsync(Testbed, await _agents.NewDiskAsync(Testbed, chosen)));
    }

    /// <summary>Boots an attached VM with a workload on each port of the WorkloadGroup.</summary>
    public async Task<BootedVm> BootAttachedAsync(string distribution = Distribution.Usual)
    {
        await StartWorkloadsAsync();
        return await PrepareAsync(await BootAsync(distribution), vm =>
        {
            vm.Run("smm-agent", "reconcile");
            return vm.UntilStatusAsync(BootedVm.Attached);
        });
    }

    /// <summary>Boots a VM from a copy of the disk of another VM, which is switched off.</summary>
    /// <param name="machineId">Its /etc/machine-id; null for that of the original.</param>
    /// <param name="name">Its name and hostname, where another VM runs at the same time.</param>
    public Task<BootedVm> BootCopyAsync(VmDisk original, string? machineId = null, string? name = null)
    {
        var disk = new VmDisk([original.Written, .. original.Layers]);
        if (machineId is not null)
            File.WriteAllText(Path.Combine(disk.Root, "etc/machine-id"), machineId + "\n");
        if (name is not null)
            File.WriteAllText(Path.Combine(disk.Root, "etc/hostname"), name + "\n");
        Testbed.DropByDefault();
        return BootedVm.StartAsync(Testbed, disk, name);
    }

    /// <summary>Starts a workload on each port of the WorkloadGroup that has none.</summary>
    public async Task StartWorkloadsAsync()
    {
        foreach (var port in _hasWorkloads ? [] : Testbed.Mesh.Ports)
            await Testbed.StartWorkloadAsync(port.Port);
        _hasWorkloads = true;
    }

    /// <summary>A later version of the packages.</summary>
    public AgentPackage NewerPackage => _agents.NewerPackage;

    public async ValueTask InitializeAsync()
    {
        if (Programs.Missing() is null)
            _testbed = await StartTestbedAsync();
    }

    public virtual async ValueTask DisposeAsync()
    {
        if (_testbed is not null)
            await _testbed.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    private protected virtual Task<MeshTestbed> StartTestbedAsync() => MeshTestbed.StartAsync(_https, AgentPackage.Built.Folder);

    private Task<BootedVm> StartAsync(VmDisk disk)
    {
        Testbed.DropByDefault();
        return BootedVm.StartAsync(Testbed, disk);
    }

    /// <summary>Whether the agents manage a sidecar; otherwise they manage the firewall only.</summary>
    private protected virtual bool HasSidecar => false;

    private Task<BootedVm> ConfiguredAsync(BootedVm vm) => PrepareAsync(vm, booted =>
    {
        booted.Configure(HasSidecar);
        return Task.CompletedTask;
    });

    // A preparation that fails leaves no VM behind.
    private static async Task<BootedVm> PrepareAsync(BootedVm vm, Func<BootedVm, Task> prepare)
    {
        try
        {
            await prepare(vm);
            return vm;
        }
        catch
        {
            await vm.DisposeAsync();
            throw;
        }
    }

    private static Distribution Chosen(string name)
    {
        var distribution = Distribution.FromName(name);
        var missing = distribution.Missing();
        Assert.SkipUnless(missing is null, missing ?? "");
        return distribution;
    }
}
