namespace SmmAgent.Contract.Tests;

/// <summary>Each lazy operator gives the same elements as that of System.Linq, and asks its source for no more elements.</summary>
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
        Assert.Equal(Enumerable.Prepend(Words, "z"), Sequences.Prepend(Words, "z"));
        Assert.Equal(Enumerable.Select(Words, (word, at) => word + at), Sequences.Select(Words, (word, at) => word + at));
        Assert.Equal(Enumerable.Where(Words, (_, at) => at % 2 == 0), Sequences.Where(Words, (_, at) => at % 2 == 0));
        Assert.Equal(Enumerable.Reverse(Words), Sequences.Reverse(Words));
        Assert.Equal(Enumerable.Zip(Words, [1, 2]), Sequences.Zip(Words, [1, 2]));
        Assert.Equal(Enumerable.Zip([1, 2], Words), Sequences.Zip([1, 2], Words));
        Assert.Equal(Enumerable.Range(3, 4), Sequences.Range(3, 4));
        Assert.Equal(Enumerable.DefaultIfEmpty(Words, "z"), Sequences.DefaultIfEmpty(Words, "z"));
        Assert.Equal(["z"], Sequences.DefaultIfEmpty([], "z"));
        Assert.Equal(
            Enumerable.SelectMany(Words, word => new[] { word, "-" }, (word, member) => word + member),
            Sequences.SelectMany(Words, word => new[] { word, "-" }, (word, member) => word + member));
        object[] mixed = [1, "a", 2.0, "b"];
        Assert.Equal(Enumerable.OfType<string>(mixed), Sequences.OfType<string>(mixed));
    }

    [Theory]
    [InlineData("z")]
    [InlineData("c")]
    [InlineData("b")]
    public void TakeWhileAndSkipWhileDivideASequence(string end)
    {
        Assert.Equal(Enumerable.TakeWhile(Words, word => word != end), Sequences.TakeWhile(Words, word => word != end));
        Assert.Equal(Enumerable.SkipWhile(Words, word => word != end), Sequences.SkipWhile(Words, word => word != end));
    }

    [Fact]
    public void EachElementIsKeptOnce()
    {
        Assert.Equal(Enumerable.Distinct(Words), SequenceSets.Distinct(Words));
        Assert.Equal(
            Enumerable.Distinct(Words, StringComparer.OrdinalIgnoreCase), SequenceSets.Distinct(Words, StringComparer.OrdinalIgnoreCase));
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
