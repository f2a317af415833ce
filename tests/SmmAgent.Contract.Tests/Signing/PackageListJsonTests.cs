using SmmAgent.Contract.Signing;

namespace SmmAgent.Contract.Tests.Signing;

public sealed class PackageListJsonTests
{
    [Fact]
    public void EveryMemberOfAPackageListIsWrittenAndRead()
    {
        var list = FilledRecord.Create<PackageList>();

        Assert.Equivalent(list, PackageListJson.Read(PackageListJson.Write(list)), strict: true);
    }

    [Fact]
    public void EveryMemberOfASignedPackageListIsWrittenAndRead()
    {
        var list = FilledRecord.Create<SignedPackageList>();

        Assert.Equivalent(list, PackageListJson.ReadSigned(PackageListJson.Write(list)), strict: true);
    }

    [Fact]
    public void MinimumVersionsMayBeMissing()
    {
        var (list, reason) = PackageList.Read(
            """{"format":1,"issued":"2024-10-04T00:00:00Z","expires":"2024-10-05T00:00:00Z","packages":[]}"""u8);

        Assert.Null(reason);
        Assert.Empty(list!.MinimumVersions);
    }
}
