using SmmAgent.Linux.Systemd;

namespace SmmAgent.Linux.Tests.Systemd;

public sealed class UnitPathTests
{
    [Theory]
    [InlineData("istio.service", "istio_2eservice")]
    [InlineData("smm-agent-reconcile.path", "smm_2dagent_2dreconcile_2epath")]
    [InlineData("9p@a_b.mount", "_39p_40a_5fb_2emount")]
    [InlineData("ü.service", "_c3_bc_2eservice")]
    public void AUnitsNameIsEscapedInItsPath(string unit, string escaped) =>
        Assert.Equal($"/org/freedesktop/systemd1/unit/{escaped}", SystemdBus.PathOf(unit));
}
