using IstioStandIn;
using SmmAgent.Testbed;

namespace SmmAgent.VmTests;

/// <summary>
/// A fixture for VMs with a sidecar: an https dashboard with the packages of the stand-in, and its registration behind the gateways.
/// </summary>
public sealed class SidecarVmFixture(InstalledAgents agents) : VmFixture(agents, https: true)
{
    private readonly InstalledAgents _agents = agents;
    private readonly string _packages = Directory.CreateTempSubdirectory("smm-offered-").FullName;

    public SidecarPackages Sidecars => _agents.Sidecars;

    /// <summary>Sets the version of Istio in the mesh, and offers its packages.</summary>
    public void Offer(string version)
    {
        Sidecars.CopyTo(_packages);
        (Testbed.Mesh.IstioVersion, Testbed.Mesh.Packages) = (version, Sidecars.Offers(version));
        Testbed.Mesh.Write();
    }

    /// <summary>Sets the version of Istio, and offers packages that cannot be installed.</summary>
    public void OfferFailing(string version)
    {
        Testbed.Mesh.IstioVersion = version;
        Testbed.Mesh.Packages =
        [
            .. ((string[])["deb", "rpm"]).Select(format => OfferedPackage.From(
                IstioSidecarPackage.Build(_packages, version, format, AgentPackage.Architecture.Deb, failingPostinst: true),
                IstioSidecarPackage.Name, version, format, AgentPackage.Architecture.Deb)),
        ];
        Testbed.Mesh.Write();
    }

    /// <summary>A file that has the right checksum, but is not a package.</summary>
    public string BrokenPackage
    {
        get
        {
            var path = Path.Combine(_packages, "broken");
            File.WriteAllText(path, "no package");
            return path;
        }
    }

    /// <summary>Offers a package of the agent beside that of the sidecar; a mesh has both formats.</summary>
    public void OfferAgent(string version, string file)
    {
        var served = Path.Combine(_packages, Path.GetFileName(file));
        if (served != file)
            File.Copy(file, served, overwrite: true);
        Testbed.Mesh.Packages =
        [
            .. Sidecars.Offers(SidecarPackages.Version),
            .. ((string[])["deb", "rpm"])
            .Select(format => OfferedPackage.From(served, "smm-agent", version, format, AgentPackage.Architecture.Deb)),
        ];
        Testbed.Mesh.Write();
    }

    /// <summary>Adds a deb of another version or architecture to the packages of the dashboard.</summary>
    /// <returns>Its path.</returns>
    public string BuildSidecar(string version, string architecture) => IstioSidecarPackage.Build(_packages, version, "deb", architecture);

    /// <summary>Boots a member of the mesh with a workload on each port of the WorkloadGroup.</summary>
    public async Task<BootedVm> BootMemberAsync(string distribution = Distribution.Usual)
    {
        await StartWorkloadsAsync();
        var vm = await BootAsync(distribution);
        try
        {
            vm.RunAtMost(BootedVm.InstallPatience, "smm-agent", "reconcile");
            await vm.UntilStatusAsync(BootedVm.Attached);
            await vm.UntilConditionAsync("SidecarRunning", "True");
            return vm;
        }
        catch
        {
            await vm.DisposeAsync();
            throw;
        }
    }

    /// <summary>Boots a VM without the agent, with a firewall that was never changed.</summary>
    public async Task<BootedVm> BootOpenAsync(string distribution)
    {
        var vm = await BootBareAsync(distribution);
        Testbed.Vm.Run("nft", "flush", "ruleset");
        return vm;
    }

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        Directory.Delete(_packages, recursive: true);
        GC.SuppressFinalize(this);
    }

    private protected override bool HasSidecar => true;

    private protected override async Task<MeshTestbed> StartTestbedAsync()
    {
        foreach (var file in Directory.EnumerateFiles(AgentPackage.Built.Folder))
            File.Copy(file, Path.Combine(_packages, Path.GetFileName(file)));
        Sidecars.CopyTo(_packages);
        var testbed = await MeshTestbed.StartAsync(https: true, _packages, registers: true);
        testbed.Mesh.Signature = new PackageSignature(_packages);
        testbed.Mesh.Packages = Sidecars.Offers(SidecarPackages.Version);
        testbed.Mesh.Write();
        return testbed;
    }
}
