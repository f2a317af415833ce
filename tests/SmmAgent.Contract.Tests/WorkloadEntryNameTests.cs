namespace SmmAgent.Contract.Tests;

public sealed class WorkloadEntryNameTests
{
    [Theory]
    [InlineData("analytics-v1", "3.67.91.181", "vm-network-1", "analytics-v1-3.67.91.181-vm-network-1")]
    [InlineData("g", "10.0.0.1", "", "g-10.0.0.1")]
    [InlineData("g", "2001:db8::1", "n", "g-2001-db8--1-n")]
    [InlineData("g", "::ffff:10.0.0.1", "", "g---ffff-10.0.0.1")]
    public void NameIsThatOfIstio(string group, string address, string network, string name) =>
        Assert.Equal(name, WorkloadEntryName.Create(group, address, network));

    [Fact]
    public void LongNameKeepsItsLast253Characters()
    {
        var name = WorkloadEntryName.Create(new string('a', 250), "10.0.0.1", "net");
        Assert.Equal(253, name.Length);
        Assert.EndsWith("a-10.0.0.1-net", name, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(233, 253, "a")] // fits
    [InlineData(234, 253, "a")] // one too long
    [InlineData(20, 40, "a")]
    public void IPv6AddressIsUsedAsItIsWritten(int group, int length, string start)
    {
        var name = WorkloadEntryName.Create(new string('a', group), "2001:db8::1", "network");
        Assert.Equal(length, name.Length);
        Assert.StartsWith(start, name, StringComparison.Ordinal);
        Assert.EndsWith("-2001-db8--1-network", name, StringComparison.Ordinal);
    }

    [Fact]
    public void LongNameThatIsCutBeforeADashOrADotIsRefused()
    {
        // Istio cuts as it comes, and Kubernetes refuses the entry.
        foreach (var separator in "-.")
            Assert.NotNull(WorkloadEntryName.Rule(WorkloadEntryName.Create($"group{separator}{new string('a', 243)}", "10.0.0.1", "")));
        Assert.Null(WorkloadEntryName.Rule(WorkloadEntryName.Create($"group.{new string('a', 244)}", "10.0.0.1", "")));
    }

    [Theory]
    [InlineData("g", "10.0.0.1", "Net", false)]
    [InlineData("g", "2001:db8::", "", false)]
    [InlineData("g", "2001:db8::1", "n", true)]
    public void NameThatKubernetesRefusesIsRefused(string group, string address, string network, bool isValid) =>
        Assert.Equal(isValid, WorkloadEntryName.Rule(WorkloadEntryName.Create(group, address, network)) is null);
}
