using SmmAgent.Bed;
using SmmAgent.VmTests;

[assembly: AssemblyFixture(typeof(InstalledAgents))]

namespace SmmAgent.VmTests;

/// <summary>For each distribution a disk on which the package was installed, once for all tests: their VMs write above it.</summary>
public sealed class InstalledAgents : IDisposable
{
    private readonly Dictionary<string, VmDisk> _disks = [];
    private readonly string _folder = Directory.CreateTempSubdirectory("smm-packages-").FullName;
    private readonly Lazy<AgentPackage> _newer;

    public InstalledAgents() => _newer = new(() => AgentPackage.Newer(_folder));

    /// <summary>A later version of the packages.</summary>
    public AgentPackage NewerPackage => _newer.Value;

    /// <summary>A new disk with the agent's package installed, and nothing configured.</summary>
    public async Task<VmDisk> NewDiskAsync(MeshBed bed, Distribution distribution)
    {
        if (!_disks.TryGetValue(distribution.Name, out var disk))
            _disks[distribution.Name] = disk = await InstallAsync(bed, distribution);
        return new VmDisk([disk.Written, .. disk.Layers]);
    }

    public void Dispose()
    {
        foreach (var disk in _disks.Values)
            disk.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private static async Task<VmDisk> InstallAsync(MeshBed bed, Distribution distribution)
    {
        await using var vm = await BootedVm.StartAsync(bed, new VmDisk(distribution.Root));
        vm.InstallAgent(AgentPackage.Built);
        return await vm.PowerOffAsync();
    }
}
