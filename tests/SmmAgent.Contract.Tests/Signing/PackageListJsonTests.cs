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
}
