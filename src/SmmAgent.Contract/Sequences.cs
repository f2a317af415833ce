namespace SmmAgent;

/// <summary>
/// Replaces the operators of System.Linq, for all code in the namespace SmmAgent: the compiler finds these methods before those of an
/// imported namespace. A call in System.Linq brings specialized classes and methods into the binary, most of them for combinations that
/// the agent never makes; here it brings one. The results are evaluated lazily, in the same order.
/// See docs/decisions/0006-memory-and-size.md.
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

    /// <summary>Maps each element and its position.</summary>
    public static IEnumerable<TResult> Select<T, TResult>(this IEnumerable<T> source, Func<T, int, TResult> selector)
    {
        var position = 0;
        foreach (var element in source)
        {
            yield return selector(element, position++);
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

    /// <summary>Keeps the elements for which the predicate of the element and its position is true.</summary>
    public static IEnumerable<T> Where<T>(this IEnumerable<T> source, Func<T, int, bool> predicate)
    {
        var position = 0;
        foreach (var element in source)
        {
            if (predicate(element, position++))
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

    /// <summary>Maps each element to a sequence, and each pair of an element and a member of its sequence to a result.</summary>
    public static IEnumerable<TResult> SelectMany<T, TMember, TResult>(
        this IEnumerable<T> source, Func<T, IEnumerable<TMember>> selector, Func<T, TMember, TResult> result)
    {
        foreach (var element in source)
        {
            foreach (var member in selector(element))
            {
                yield return result(element, member);
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

    /// <summary>One more element, then the elements.</summary>
    public static IEnumerable<T> Prepend<T>(this IEnumerable<T> source, T first)
    {
        yield return first;
        foreach (var element in source)
        {
            yield return element;
        }
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

    /// <summary>The first elements for which the predicate is true.</summary>
    public static IEnumerable<T> TakeWhile<T>(this IEnumerable<T> source, Func<T, bool> predicate)
    {
        foreach (var element in source)
        {
            if (!predicate(element))
            {
                yield break;
            }

            yield return element;
        }
    }

    /// <summary>The elements from the first one for which the predicate is false.</summary>
    public static IEnumerable<T> SkipWhile<T>(this IEnumerable<T> source, Func<T, bool> predicate)
    {
        var isSkipping = true;
        foreach (var element in source)
        {
            isSkipping = isSkipping && predicate(element);
            if (!isSkipping)
            {
                yield return element;
            }
        }
    }

    /// <summary>The elements, or the value if the source is empty.</summary>
    public static IEnumerable<T> DefaultIfEmpty<T>(this IEnumerable<T> source, T value)
    {
        var isEmpty = true;
        foreach (var element in source)
        {
            isEmpty = false;
            yield return element;
        }

        if (isEmpty)
        {
            yield return value;
        }
    }

    /// <summary>The elements from the last to the first.</summary>
    public static IEnumerable<T> Reverse<T>(this IEnumerable<T> source)
    {
        var elements = source.ToArray();
        for (var position = elements.Length - 1; position >= 0; position--)
        {
            yield return elements[position];
        }
    }

    /// <summary>The elements of both sequences at the same position, while both have one.</summary>
    public static IEnumerable<(TFirst First, TSecond Second)> Zip<TFirst, TSecond>(
        this IEnumerable<TFirst> first, IEnumerable<TSecond> second)
    {
        using var other = second.GetEnumerator();
        foreach (var element in first)
        {
            if (!other.MoveNext())
            {
                yield break;
            }

            yield return (element, other.Current);
        }
    }

    /// <summary>Consecutive numbers.</summary>
    public static IEnumerable<int> Range(int start, int count)
    {
        for (var position = 0; position < count; position++)
        {
            yield return start + position;
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
