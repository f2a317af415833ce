using SmmAgent.Contract;

namespace SmmDashboard.Tests.Packages;

public sealed class PackageVersionTests
{
    // From the oldest to the newest, as dpkg --compare-versions orders them.
    private static readonly string[] Ordered =
    [
        "0.1.0~rc1", "0.1.0~rc2", "0.1.0~rc10", "0.1.0", "0.1.0-1", "0.1.0-1.1", "0.1.0-2", "0.1.0-10", "0.1.0+b1", "0.1.1", "0.2",
            "0.2.0a", "0.2.0b", "0.9.9",
        "0.10", "1", "1.0", "9.99999999999999999999", "10.0",
    ];

    [Fact]
    public void VersionsAreOrderedAsByPackageManagers()
    {
        for (var i = 0; i < Ordered.Length; i++)
        {
            for (var j = 0; j < Ordered.Length; j++)
                Assert.True(Math.Sign(PackageFormat.Deb.Compare(Ordered[i], Ordered[j])) == i.CompareTo(j),
                    $"{Ordered[i]} and {Ordered[j]}");
        }
    }

    [Theory]
    [InlineData("1.0", "1.00")]
    [InlineData("01", "1")]
    [InlineData("1.", "1.0")]
    public void LeadingZeroesAreIgnored(string left, string right) => Assert.Equal(0, PackageFormat.Deb.Compare(left, right));
}
