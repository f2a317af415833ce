using SmmAgent.Contract;
using SmmAgent.Core.Conditions;

namespace SmmAgent.Core.Tests.Conditions;

public sealed class ConditionTypeTests
{
    [Fact]
    public void EveryConditionHasItsSectionInTheBuiltInPage() =>
        Assert.Equal(ConditionType.All, ConditionReference.BuiltIn.Conditions.Select(section => section.Title));
}
