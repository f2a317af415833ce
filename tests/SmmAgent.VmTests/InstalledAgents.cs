using SmmAgent.Testbed;
using SmmAgent.VmTests;

[assembly: AssemblyFixture(typeof(InstalledAgents))]

// A VM mostly waits, but its tests also measure time: more than two at the same time disturb each other on two cores.
[assembly: Xunit.v3.Parallelization(MaxThreads = 2)]

namespace SmmAgent.VmTests;

/// <summary>
/// A disk with the installed package for each distribution, made once for all tests: their VMs write into a layer above it.
/// </summary>
public sealed class InstalledAgents : IDisposable
{
    private readonly Dictionary<string, VmDisk> _disks = [];
    private readonly SemaphoreSlim _installing = new(1);
    private readonly string _folder = Directory.CreateTempSubdirectory("smm-packages-").FullName;
    private readonly Lazy<AgentPackage> _newer;
    private readonly Lazy<SidecarPackages> _sidecars;

    public InstalledAgents() =>
        (_newer, _sidecars) = (new(() => AgentPackage.Newer(_folder)),
            new(() => new SidecarPackages(Directory.CreateDirectory(Path.Combine(_folder, "sidecars")).FullName)));

    /// <summary>A later version of the packages.</summary>
    public AgentPackage NewerPackage => _newer.Value;

    /// <summary>The stand-in for the sidecar's packages.</summary>
    public SidecarPackages Sidecars => _sidecars.Value;

    /// <summary>A new disk with the agent's package installed, and nothing configured.</summary>
    public async Task<VmDisk> NewDiskAsync(MeshTestbed testbed, Distribution distribution)
    {
        await _installing.WaitAsync();
        try
        {
            if (!_disks.TryGetValue(distribution.Name, out var disk))
                _disks[distribution.Name] = disk = await InstallAsync(testbed, distribution);
            return new VmDisk([disk.Written, .. disk.Layers]);
        }
        finally
        {
            _installing.Release();
        }
    }

    public void Dispose()
    {
        foreach (var disk in _disks.Values)
            disk.Dispose();
        _installing.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private async Task<VmDisk> InstallAsync(MeshTestbed testbed, Distribution distribution)
    {
        await using var vm = await BootedVm.StartAsync(testbed, new VmDisk(distribution.Root));
        if (distribution.Name == Distribution.Rpm)
        {
            RpmRepository.Make(testbed.Folder, AgentPackage.Built.Rpm, Sidecars.Rpm(SidecarPackages.Version)).AddTo(vm);
            // Otherwise the agent identifies Debian and uses the database of dpkg; and Debian's rpm has its database in /root.
            vm.Run("rm", "/usr/bin/apt-get");
            vm.Run("sh", "-c", "mkdir -p /etc/rpm && echo '%_dbpath /var/lib/rpm' >/etc/rpm/macros.books");
        }

        vm.InstallAgent(AgentPackage.Built);
        return await vm.PowerOffAsync();
    }
}
