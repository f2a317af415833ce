using System.Collections;

namespace SmmAgent;

/// <summary>The operators of <see cref="Sequences"/> that sort. Equal elements keep their order. A key is read more than once.</summary>
public static class SequenceOrder
{
    /// <summary>The elements in ascending order.</summary>
    public static OrderedSequence<T> Order<T>(this IEnumerable<T> source, IComparer<T>? comparer = null) =>
        new(source, (comparer ?? Comparer<T>.Default).Compare);

    /// <summary>The elements in ascending order of their keys.</summary>
    public static OrderedSequence<T> OrderBy<T, TKey>(
        this IEnumerable<T> source, Func<T, TKey> keySelector, IComparer<TKey>? comparer = null) =>
        new(source, ByKey(keySelector, comparer));

    /// <summary>The elements in descending order of their keys.</summary>
    public static OrderedSequence<T> OrderByDescending<T, TKey>(this IEnumerable<T> source, Func<T, TKey> keySelector) =>
        new(source, Reversed(ByKey(keySelector, null)));

    /// <summary>Elements that were equal, in ascending order of their keys.</summary>
    public static OrderedSequence<T> ThenBy<T, TKey>(
        this OrderedSequence<T> source, Func<T, TKey> keySelector, IComparer<TKey>? comparer = null) =>
        source.Then(ByKey(keySelector, comparer));

    /// <summary>Elements that were equal, in descending order of their keys.</summary>
    public static OrderedSequence<T> ThenByDescending<T, TKey>(this OrderedSequence<T> source, Func<T, TKey> keySelector) =>
        source.Then(Reversed(ByKey(keySelector, null)));

    private static Comparison<T> ByKey<T, TKey>(Func<T, TKey> keySelector, IComparer<TKey>? comparer)
    {
        var keys = comparer ?? Comparer<TKey>.Default;
        return (first, second) => keys.Compare(keySelector(first), keySelector(second));
    }

    private static Comparison<T> Reversed<T>(Comparison<T> comparison) => (first, second) => comparison(second, first);
}

/// <summary>A sequence that is sorted when it is read.</summary>
public sealed class OrderedSequence<T>(IEnumerable<T> source, Comparison<T> comparison) : IEnumerable<T>
{
    /// <inheritdoc/>
    public IEnumerator<T> GetEnumerator()
    {
        var elements = source.ToArray();
        var positions = Sequences.Range(0, elements.Length).ToArray();
        Array.Sort(positions, (first, second) =>
            comparison(elements[first], elements[second]) is not 0 and var order ? order : first.CompareTo(second));
        foreach (var position in positions)
        {
            yield return elements[position];
        }
    }

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    internal OrderedSequence<T> Then(Comparison<T> next) =>
        new(source, (first, second) => comparison(first, second) is not 0 and var order ? order : next(first, second));
}
