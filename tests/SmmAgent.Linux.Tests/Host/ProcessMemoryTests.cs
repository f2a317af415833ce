using SmmAgent.Linux.Host;

namespace SmmAgent.Linux.Tests.Host;

public class ProcessMemoryTests
{
    [Fact]
    public void WhatIsInUseSurvivesThatMemoryIsGivenBack()
    {
        var kept = Enumerable.Range(0, 1000).Select(number => $"{number}").ToArray();

        ProcessMemory.GiveBack();

        Assert.Equal(499_500, kept.Sum(int.Parse));
    }

    [Fact]
    public void GarbageIsGivenBack()
    {
        var before = GC.CollectionCount(GC.MaxGeneration);

        ProcessMemory.GiveBack();

        Assert.True(GC.CollectionCount(GC.MaxGeneration) > before);
    }
}
