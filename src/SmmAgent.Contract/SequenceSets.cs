namespace SmmAgent;

/// <summary>
/// The operators of <see cref="Sequences"/> that compare elements or keys. One type of set serves all elements: values are boxed, because
/// each type of set would bring its own classes and, for values, its own code.
/// </summary>
public static class SequenceSets
{
    internal static readonly object Null = new();

    /// <summary>Each element once, at its first place.</summary>
    public static IEnumerable<T> Distinct<T>(this IEnumerable<T> source)
    {
        var seen = new HashSet<object>();
        foreach (var element in source)
        {
            if (seen.Add(element ?? Null))
            {
                yield return element;
            }
        }
    }

    /// <summary>Each text once, at its first place.</summary>
    public static IEnumerable<string> Distinct(this IEnumerable<string> source, IEqualityComparer<string> comparer)
    {
        var seen = new HashSet<string>(comparer);
        foreach (var text in source)
        {
            if (seen.Add(text))
            {
                yield return text;
            }
        }
    }

    /// <summary>The first element of each key.</summary>
    public static IEnumerable<T> DistinctBy<T, TKey>(this IEnumerable<T> source, Func<T, TKey> keySelector)
    {
        var seen = new HashSet<object>();
        foreach (var element in source)
        {
            if (seen.Add(keySelector(element) ?? Null))
            {
                yield return element;
            }
        }
    }

    /// <summary>Each element of both sequences once.</summary>
    public static IEnumerable<T> Union<T>(this IEnumerable<T> first, IEnumerable<T> second) => first.Concat(second).Distinct();

    /// <summary>Each element of the first sequence once that is not in the second.</summary>
    public static IEnumerable<T> Except<T>(this IEnumerable<T> first, IEnumerable<T> second)
    {
        var seen = SetOf(second);
        foreach (var element in first)
        {
            if (seen.Add(element ?? Null))
            {
                yield return element;
            }
        }
    }

    /// <summary>The first element of each key that is not in the second sequence.</summary>
    public static IEnumerable<T> ExceptBy<T, TKey>(this IEnumerable<T> first, IEnumerable<TKey> second, Func<T, TKey> keySelector)
    {
        var seen = SetOf(second);
        foreach (var element in first)
        {
            if (seen.Add(keySelector(element) ?? Null))
            {
                yield return element;
            }
        }
    }

    /// <summary>Each element of the first sequence once that is in the second.</summary>
    public static IEnumerable<T> Intersect<T>(this IEnumerable<T> first, IEnumerable<T> second)
    {
        var wanted = SetOf(second);
        foreach (var element in first)
        {
            if (wanted.Remove(element ?? Null))
            {
                yield return element;
            }
        }
    }

    private static HashSet<object> SetOf<T>(IEnumerable<T> source)
    {
        var set = new HashSet<object>();
        foreach (var element in source)
        {
            set.Add(element ?? Null);
        }

        return set;
    }
}
