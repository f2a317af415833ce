namespace SmmAgent.Contract.Tests;

public sealed class WorkloadEntryNameTests
{
    [Theory]
    [InlineData("analytics-v1", "3.67.91.181", "vm-network-1", "analytics-v1-3.67.91.181-vm-network-1")]
    [InlineData("g", "10.0.0.1", "", "g-10.0.0.1")]
    [InlineData("g", "2001:db8::1", "n", "g-2001-db8--1-n")]
    public void TheNameIsIstios(string group, string address, string network, string name) =>
        Assert.Equal(name, WorkloadEntryName.Of(group, address, network));

    [Fact]
    public void OfALongNameTheLast253CharactersStay()
    {
        var name = WorkloadEntryName.Of(new string('a', 250), "10.0.0.1", "net");
        Assert.Equal(253, name.Length);
        Assert.EndsWith("a-10.0.0.1-net", name, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("g", "10.0.0.1", "Net", false)]
    [InlineData("g", "2001:db8::", "", false)]
    [InlineData("g", "2001:db8::1", "n", true)]
    public void ANameThatKubernetesWouldRefuseIsRefused(string group, string address, string network, bool isValid) =>
        Assert.Equal(isValid, WorkloadEntryName.Rule(WorkloadEntryName.Of(group, address, network)) is null);
}
