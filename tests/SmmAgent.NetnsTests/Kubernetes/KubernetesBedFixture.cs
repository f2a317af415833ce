using SmmAgent.Testbed;
using SmmAgent.Testbed.Kube;

namespace SmmAgent.NetnsTests.Kubernetes;

/// <summary>One bed whose dashboards read a real API server.</summary>
public sealed class KubernetesBedFixture : IAsyncLifetime
{
    private MeshTestbed? _bed;

    /// <summary>The bed; the test is skipped where it cannot be made.</summary>
    public MeshTestbed Bed
    {
        get
        {
            Assert.SkipUnless(_bed is not null, Missing ?? "");
            return _bed;
        }
    }

    private static string? Missing =>
        Programs.Missing() ?? (KubeAssets.Folder is null ? "needs a kube-apiserver, etcd and kubectl: ./build.sh kube-assets" : null);

    public async ValueTask InitializeAsync()
    {
        if (Missing is not null)
            return;

        _bed = await MeshTestbed.StartAsync(kubernetes: true);
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
