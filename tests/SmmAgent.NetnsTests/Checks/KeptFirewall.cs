using SmmAgent.Testbed;

namespace SmmAgent.NetnsTests.Checks;

/// <summary>The VM's iptables rules as they were, put back at the end of a test.</summary>
internal sealed class KeptFirewall : IDisposable
{
    private readonly MeshTestbed _bed;
    private readonly List<(string Restore, string File)> _kept = [];

    public KeptFirewall(MeshTestbed bed)
    {
        _bed = bed;
        foreach (var iptables in (string[])["iptables", "ip6tables"])
        {
            var file = Path.Combine(bed.Folder, $"{iptables}.kept");
            // A table that was never used is not among those saved: it is restored as empty.
            bed.Vm.Run(iptables, "-w", "-t", "nat", "-L", "-n");
            File.WriteAllText(file, bed.Vm.Run($"{iptables}-save"));
            _kept.Add(($"{iptables}-restore", file));
        }
    }

    public void Dispose()
    {
        foreach (var (restore, file) in _kept)
            _bed.Vm.Run(restore, file);
    }
}
