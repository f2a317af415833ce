namespace SmmAgent.Contract.Tests;

/// <summary>The operators that compare, group, sort or read at once give the same results as those of System.Linq.</summary>
public sealed class SequenceOperatorsTests
{
    private static readonly string?[] Words = ["b", "A", null, "a", "c", "B", "a", null];
    private static readonly (int Number, string Word)[] Pairs = [(2, "b"), (1, "x"), (2, "a"), (3, "c"), (1, "a"), (2, "b")];

    [Fact]
    public void SetsCompareElementsAndKeys()
    {
        string?[] others = ["a", "d", null, "d"];
        Assert.Equal(Enumerable.Distinct(Words), SequenceSets.Distinct(Words));
        Assert.Equal(Enumerable.Distinct(Pairs), SequenceSets.Distinct(Pairs));
        Assert.Equal(
            Enumerable.DistinctBy(Words, word => word?.ToLowerInvariant()),
            SequenceSets.DistinctBy(Words, word => word?.ToLowerInvariant()));
        Assert.Equal(Enumerable.Union(Words, others), SequenceSets.Union(Words, others));
        Assert.Equal(Enumerable.Except(Words, others), SequenceSets.Except(Words, others));
        Assert.Equal(Enumerable.Intersect(Words, others), SequenceSets.Intersect(Words, others));
        Assert.Equal(Enumerable.ExceptBy(Pairs, [1], pair => pair.Number), SequenceSets.ExceptBy(Pairs, [1], pair => pair.Number));
    }

    [Fact]
    public void GroupsAreInTheOrderOfTheirFirstElements()
    {
        Assert.Equal(Shown(Enumerable.GroupBy(Words, word => word)), Shown(SequenceGroups.GroupBy(Words, word => word)));
        Assert.Equal(Shown(Enumerable.GroupBy(Pairs, pair => pair.Number)), Shown(SequenceGroups.GroupBy(Pairs, pair => pair.Number)));
        Assert.Equal(
            Shown(Enumerable.GroupBy(Pairs, pair => pair.Word, pair => pair.Number)),
            Shown(SequenceGroups.GroupBy(Pairs, pair => pair.Word, pair => pair.Number)));

        static IEnumerable<string> Shown<TKey, T>(IEnumerable<IGrouping<TKey, T>> groups) =>
            groups.Select(group => $"{group.Key}: {string.Join(", ", group)}");
    }

    [Fact]
    public void ALookupFindsTheElementsOfAKey()
    {
        var lookup = SequenceGroups.ToLookup(Pairs, pair => pair.Number, pair => pair.Word);

        Assert.Equal(3, lookup.Count);
        Assert.Equal(["b", "a", "b"], lookup[2]);
        Assert.Empty(lookup[4]);
        Assert.True(lookup.Contains(1));
        Assert.False(lookup.Contains(4));
        Assert.Equal([Pairs[3]], SequenceGroups.ToLookup(Pairs, pair => pair.Number)[3]);
    }

    [Fact]
    public void SortingKeepsTheOrderOfEqualElements()
    {
        Assert.Equal(Enumerable.Order(Words), SequenceOrder.Order(Words));
        Assert.Equal(Enumerable.Order(Words, StringComparer.Ordinal), SequenceOrder.Order(Words, StringComparer.Ordinal));
        Assert.Equal(
            Enumerable.OrderBy(Words, word => word, StringComparer.OrdinalIgnoreCase),
            SequenceOrder.OrderBy(Words, word => word, StringComparer.OrdinalIgnoreCase));
        Assert.Equal(Enumerable.OrderBy(Pairs, pair => pair.Number), SequenceOrder.OrderBy(Pairs, pair => pair.Number));
        Assert.Equal(
            Enumerable.OrderByDescending(Pairs, pair => pair.Number), SequenceOrder.OrderByDescending(Pairs, pair => pair.Number));
        Assert.Equal(
            Enumerable.ThenBy(Enumerable.OrderByDescending(Pairs, pair => pair.Number), pair => pair.Word, StringComparer.Ordinal),
            SequenceOrder.ThenBy(SequenceOrder.OrderByDescending(Pairs, pair => pair.Number), pair => pair.Word, StringComparer.Ordinal));
        Assert.Equal(
            Enumerable.ThenByDescending(Enumerable.OrderBy(Pairs, pair => pair.Number), pair => pair.Word),
            SequenceOrder.ThenByDescending(SequenceOrder.OrderBy(Pairs, pair => pair.Number), pair => pair.Word));

        var many = Enumerable.Range(0, 1000).Select(number => (Key: number % 7, number)).ToArray();
        Assert.Equal(Enumerable.OrderBy(many, one => one.Key), SequenceOrder.OrderBy(many, one => one.Key));
    }

    [Fact]
    public void TheSmallestAndTheLargestIgnoreNull()
    {
        Assert.Equal(Enumerable.Min(Words), SequenceResults.Min(Words));
        Assert.Equal(Enumerable.Max(Words), SequenceResults.Max(Words));
        Assert.Null(SequenceResults.Min<string>([]));
        Assert.Null(SequenceResults.Max<TimeSpan?>([null]));
        Assert.Equal(1, SequenceResults.Min<int?>([null, 2, null, 1, 3]));
        Assert.Equal(Enumerable.MinBy(Pairs, pair => pair.Number), SequenceResults.MinBy(Pairs, pair => pair.Number));
        Assert.Equal(Enumerable.MaxBy(Pairs, pair => pair.Word), SequenceResults.MaxBy(Pairs, pair => pair.Word));
        Assert.Equal(
            Enumerable.MinBy(Words, word => word is "c" or "B" ? word : null),
            SequenceResults.MinBy(Words, word => word is "c" or "B" ? word : null));
        Assert.Equal("b", SequenceResults.MinBy(Words, _ => (string?)null));
        Assert.Equal(3, SequenceResults.Max(Pairs, pair => pair.Number));
        Assert.Equal(1, SequenceResults.Min(Pairs, pair => pair.Number));
        Assert.Throws<InvalidOperationException>(() => SequenceResults.Min<int>([]));
    }

    [Fact]
    public void OneElementIsFound()
    {
        Assert.Equal("b", SequenceResults.First(Words));
        Assert.Equal("c", SequenceResults.First(Words, word => word == "c"));
        Assert.Throws<InvalidOperationException>(() => SequenceResults.First<string>([]));
        Assert.Throws<InvalidOperationException>(() => SequenceResults.First(Words, word => word == "z"));
        Assert.Equal("c", SequenceResults.Single(Words, word => word == "c"));
        Assert.Throws<InvalidOperationException>(() => SequenceResults.Single(Words, word => word == "a"));
        Assert.Throws<InvalidOperationException>(() => SequenceResults.Single(Words, word => word == "z"));
        Assert.Equal("b", SequenceResults.FirstOrDefault(Words));
        Assert.Equal(0, SequenceResults.FirstOrDefault<int>([]));
        Assert.Equal(7, SequenceResults.FirstOrDefault([], 7));
        Assert.Equal("c", SequenceResults.FirstOrDefault(Words, word => word == "c"));
        Assert.Null(SequenceResults.FirstOrDefault(Words, word => word == "z"));
        Assert.Equal("y", SequenceResults.FirstOrDefault(Words, word => word == "z", "y"));
        Assert.Equal(Pairs[5], SequenceResults.LastOrDefault(Pairs));
        Assert.Equal(Pairs[4], SequenceResults.LastOrDefault(Pairs, pair => pair.Number == 1));
        Assert.Null(SequenceResults.LastOrDefault<string>([]));
        Assert.Equal("c", SequenceResults.ElementAtOrDefault(Words, 4));
        Assert.Null(SequenceResults.ElementAtOrDefault(Words, 8));
    }

    [Fact]
    public void SequencesAreCountedAndCompared()
    {
        Assert.True(SequenceResults.Any(Words));
        Assert.False(SequenceResults.Any<string>([]));
        Assert.True(SequenceResults.Any(Words, word => word == "c"));
        Assert.False(SequenceResults.Any(Words, word => word == "z"));
        Assert.True(SequenceResults.All(Words, word => word != "z"));
        Assert.False(SequenceResults.All(Words, word => word != "c"));
        Assert.True(SequenceResults.Contains(Words, null));
        Assert.False(SequenceResults.Contains(Words, "C"));
        Assert.True(SequenceResults.Contains(Words, "C", StringComparer.OrdinalIgnoreCase));
        Assert.Equal(8, SequenceResults.Count(Words));
        Assert.Equal(2, SequenceResults.Count(Words, word => word is null));
        Assert.Equal(11, SequenceResults.Sum(Pairs, pair => pair.Number));
        Assert.Equal(11L, SequenceResults.Sum(Pairs, pair => (long)pair.Number));
        Assert.Throws<OverflowException>(() => SequenceResults.Sum(Pairs, _ => int.MaxValue));
        Assert.Equal("bxacab", SequenceResults.Aggregate(Pairs, "", (text, pair) => text + pair.Word));
        Assert.True(SequenceResults.SequenceEqual([1, 2], [1, 2]));
        Assert.False(SequenceResults.SequenceEqual([1, 2], [1, 3]));
        Assert.False(SequenceResults.SequenceEqual([1, 2], [1]));
        Assert.False(SequenceResults.SequenceEqual([1], [1, 2]));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(4)]
    [InlineData(5)]
    [InlineData(9)]
    public void CollectionsHaveAllElements(int count)
    {
        var numbers = Enumerable.Range(1, count);

        Assert.Equal(numbers, SequenceCollections.ToArray(numbers));
        Assert.Equal(numbers, SequenceCollections.ToList(numbers));
        Assert.True(SequenceCollections.ToHashSet(numbers).SetEquals(numbers));
        Assert.Equal(Enumerable.ToDictionary(numbers, one => one), SequenceCollections.ToDictionary(numbers, one => one));
        var squares = SequenceCollections.ToDictionary(numbers, one => one, one => one * one);
        Assert.Equal(Enumerable.ToDictionary(numbers, one => one, one => one * one), squares);
        Assert.Equal(squares, SequenceCollections.ToDictionary(squares.Select(entry => entry)));
    }

    [Fact]
    public void TwoElementsWithOneKeyAreAnException() =>
        Assert.Throws<ArgumentException>(
            () => SequenceCollections.ToDictionary(["a", "A"], word => word, StringComparer.OrdinalIgnoreCase));
}
