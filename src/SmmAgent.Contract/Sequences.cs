namespace SmmAgent;

/// <summary>
/// Replaces the operators of System.Linq that are used most, for all code in the namespace SmmAgent: the compiler finds these methods
/// before those of an imported namespace. Each pair of types in a call of System.Linq's Select brings up to six specialized classes
/// into the binary, most of them for combinations that the agent never makes; here it brings one.
/// The results are evaluated lazily, in the same order. See docs/decisions/0006-memory-and-size.md.
/// </summary>
public static class Sequences
{
    /// <summary>Maps each element.</summary>
    public static IEnumerable<TResult> Select<T, TResult>(this IEnumerable<T> source, Func<T, TResult> selector)
    {
        foreach (var element in source)
        {
            yield return selector(element);
        }
    }

    /// <summary>Keeps the elements for which the predicate is true.</summary>
    public static IEnumerable<T> Where<T>(this IEnumerable<T> source, Func<T, bool> predicate)
    {
        foreach (var element in source)
        {
            if (predicate(element))
            {
                yield return element;
            }
        }
    }

    /// <summary>Maps each element to a sequence, and joins the sequences.</summary>
    public static IEnumerable<TResult> SelectMany<T, TResult>(this IEnumerable<T> source, Func<T, IEnumerable<TResult>> selector)
    {
        foreach (var element in source)
        {
            foreach (var result in selector(element))
            {
                yield return result;
            }
        }
    }

    /// <summary>The elements of the first sequence, then those of the second.</summary>
    public static IEnumerable<T> Concat<T>(this IEnumerable<T> first, IEnumerable<T> second)
    {
        foreach (var element in first)
        {
            yield return element;
        }

        foreach (var element in second)
        {
            yield return element;
        }
    }

    /// <summary>The elements, then one more.</summary>
    public static IEnumerable<T> Append<T>(this IEnumerable<T> source, T last)
    {
        foreach (var element in source)
        {
            yield return element;
        }

        yield return last;
    }

    /// <summary>The first elements, at most so many; the source is not asked for more.</summary>
    public static IEnumerable<T> Take<T>(this IEnumerable<T> source, int count)
    {
        if (count <= 0)
        {
            yield break;
        }

        foreach (var element in source)
        {
            yield return element;
            if (--count == 0)
            {
                yield break;
            }
        }
    }

    /// <summary>The elements after the first ones.</summary>
    public static IEnumerable<T> Skip<T>(this IEnumerable<T> source, int count)
    {
        foreach (var element in source)
        {
            if (count > 0)
            {
                count--;
            }
            else
            {
                yield return element;
            }
        }
    }

    /// <summary>Each element once, at its first place.</summary>
    public static IEnumerable<T> Distinct<T>(this IEnumerable<T> source, IEqualityComparer<T>? comparer = null)
    {
        var seen = new HashSet<T>(comparer);
        foreach (var element in source)
        {
            if (seen.Add(element))
            {
                yield return element;
            }
        }
    }

    /// <summary>The elements that are of the type.</summary>
    public static IEnumerable<T> OfType<T>(this System.Collections.IEnumerable source)
    {
        foreach (var element in source)
        {
            if (element is T wanted)
            {
                yield return wanted;
            }
        }
    }
}
