namespace SmmAgent.Contract.Tests;

/// <summary>Each operator gives the same elements as that of System.Linq, and asks its source for no more elements.</summary>
public sealed class SequencesTests
{
    private static readonly string[] Words = ["b", "A", "a", "c", "B", "a"];

    [Theory]
    [InlineData(-1)]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(5)]
    [InlineData(6)]
    [InlineData(7)]
    public void TakeAndSkipDivideASequence(int count)
    {
        Assert.Equal(Enumerable.Take(Words, count), Sequences.Take(Words, count));
        Assert.Equal(Enumerable.Skip(Words, count), Sequences.Skip(Words, count));
    }

    [Fact]
    public void ElementsAreMappedFilteredAndJoined()
    {
        Assert.Equal(Enumerable.Select(Words, word => word + 1), Sequences.Select(Words, word => word + 1));
        Assert.Equal(Enumerable.Where(Words, word => word != "a"), Sequences.Where(Words, word => word != "a"));
        Assert.Equal(Enumerable.SelectMany(Words, word => new[] { word, "-" }), Sequences.SelectMany(Words, word => new[] { word, "-" }));
        Assert.Equal(Enumerable.Concat(Words, Words), Sequences.Concat(Words, Words));
        Assert.Equal(Enumerable.Append(Words, "z"), Sequences.Append(Words, "z"));
        object[] mixed = [1, "a", 2.0, "b"];
        Assert.Equal(Enumerable.OfType<string>(mixed), Sequences.OfType<string>(mixed));
    }

    [Fact]
    public void EachElementIsKeptOnce()
    {
        Assert.Equal(Enumerable.Distinct(Words), Sequences.Distinct(Words));
        Assert.Equal(
            Enumerable.Distinct(Words, StringComparer.OrdinalIgnoreCase), Sequences.Distinct(Words, StringComparer.OrdinalIgnoreCase));
    }

    [Fact]
    public void TheSourceIsReadLazily()
    {
        var read = 0;
        IEnumerable<int> Counted()
        {
            while (true)
                yield return read++;
        }

        var sequence = Counted().Where(number => number % 2 == 0).Select(number => number + 1).Take(2);

        Assert.Equal(0, read);
        Assert.Equal([1, 3], sequence);
        Assert.Equal(3, read);
    }

    [Fact]
    public void ASequenceIsReadAgainFromItsStart()
    {
        var sequence = Words.Take(3).Distinct().Skip(1);

        Assert.Equal(["A", "a"], sequence);
        Assert.Equal(["A", "a"], sequence);
    }
}
