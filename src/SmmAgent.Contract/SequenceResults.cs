using System.Diagnostics.CodeAnalysis;

namespace SmmAgent;

/// <summary>The operators of <see cref="Sequences"/> that read a sequence at once, and return one value.</summary>
public static class SequenceResults
{
    /// <summary>Whether there is an element.</summary>
    public static bool Any<T>(this IEnumerable<T> source)
    {
        using var elements = source.GetEnumerator();
        return elements.MoveNext();
    }

    /// <summary>Whether the predicate is true for an element.</summary>
    public static bool Any<T>(this IEnumerable<T> source, Func<T, bool> predicate)
    {
        foreach (var element in source)
        {
            if (predicate(element))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Whether the predicate is true for all elements.</summary>
    public static bool All<T>(this IEnumerable<T> source, Func<T, bool> predicate)
    {
        foreach (var element in source)
        {
            if (!predicate(element))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Whether an element equals the value. A comparer of the collection itself is not used.</summary>
    public static bool Contains<T>(this IEnumerable<T> source, T value, IEqualityComparer<T>? comparer = null)
    {
        var equality = comparer ?? EqualityComparer<T>.Default;
        foreach (var element in source)
        {
            if (equality.Equals(element, value))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Whether both sequences have equal elements in the same order.</summary>
    public static bool SequenceEqual<T>(this IEnumerable<T> first, IEnumerable<T> second)
    {
        using var others = second.GetEnumerator();
        foreach (var element in first)
        {
            if (!others.MoveNext() || !EqualityComparer<T>.Default.Equals(element, others.Current))
            {
                return false;
            }
        }

        return !others.MoveNext();
    }

    /// <summary>The number of elements.</summary>
    public static int Count<T>(this IEnumerable<T> source)
    {
        var count = 0;
        foreach (var _ in source)
        {
            count++;
        }

        return count;
    }

    /// <summary>The number of elements for which the predicate is true.</summary>
    public static int Count<T>(this IEnumerable<T> source, Func<T, bool> predicate)
    {
        var count = 0;
        foreach (var element in source)
        {
            if (predicate(element))
            {
                count++;
            }
        }

        return count;
    }

    /// <summary>The sum of a number of each element.</summary>
    public static int Sum<T>(this IEnumerable<T> source, Func<T, int> selector)
    {
        var sum = 0;
        foreach (var element in source)
        {
            sum = checked(sum + selector(element));
        }

        return sum;
    }

    /// <summary>The sum of a number of each element.</summary>
    public static long Sum<T>(this IEnumerable<T> source, Func<T, long> selector)
    {
        var sum = 0L;
        foreach (var element in source)
        {
            sum = checked(sum + selector(element));
        }

        return sum;
    }

    /// <summary>The result of a function that is applied to each element and the result before it.</summary>
    public static TResult Aggregate<T, TResult>(this IEnumerable<T> source, TResult seed, Func<TResult, T, TResult> function)
    {
        var result = seed;
        foreach (var element in source)
        {
            result = function(result, element);
        }

        return result;
    }

    /// <summary>The first element. Throws if there is none.</summary>
    public static T First<T>(this IEnumerable<T> source)
    {
        foreach (var element in source)
        {
            return element;
        }

        throw NoElement();
    }

    /// <summary>The first element for which the predicate is true. Throws if there is none.</summary>
    public static T First<T>(this IEnumerable<T> source, Func<T, bool> predicate)
    {
        foreach (var element in source)
        {
            if (predicate(element))
            {
                return element;
            }
        }

        throw NoElement();
    }

    /// <summary>The only element for which the predicate is true. Throws if there is none, or more than one.</summary>
    [SuppressMessage("Naming", "CA1720", Justification = "The name of the operator in System.Linq.")]
    public static T Single<T>(this IEnumerable<T> source, Func<T, bool> predicate)
    {
        using var found = source.Where(predicate).GetEnumerator();
        if (!found.MoveNext())
        {
            throw NoElement();
        }

        var single = found.Current;
        return found.MoveNext() ? throw new InvalidOperationException("the sequence has more than one such element") : single;
    }

    /// <summary>The first element, or the default of the type.</summary>
    public static T? FirstOrDefault<T>(this IEnumerable<T> source)
    {
        foreach (var element in source)
        {
            return element;
        }

        return default;
    }

    /// <summary>The first element, or the value.</summary>
    public static T FirstOrDefault<T>(this IEnumerable<T> source, T value)
    {
        foreach (var element in source)
        {
            return element;
        }

        return value;
    }

    /// <summary>The first element for which the predicate is true, or the default of the type.</summary>
    public static T? FirstOrDefault<T>(this IEnumerable<T> source, Func<T, bool> predicate)
    {
        foreach (var element in source)
        {
            if (predicate(element))
            {
                return element;
            }
        }

        return default;
    }

    /// <summary>The first element for which the predicate is true, or the value.</summary>
    public static T FirstOrDefault<T>(this IEnumerable<T> source, Func<T, bool> predicate, T value)
    {
        foreach (var element in source)
        {
            if (predicate(element))
            {
                return element;
            }
        }

        return value;
    }

    /// <summary>The last element, or the default of the type.</summary>
    public static T? LastOrDefault<T>(this IEnumerable<T> source)
    {
        T? last = default;
        foreach (var element in source)
        {
            last = element;
        }

        return last;
    }

    /// <summary>The last element for which the predicate is true, or the default of the type.</summary>
    public static T? LastOrDefault<T>(this IEnumerable<T> source, Func<T, bool> predicate)
    {
        T? last = default;
        foreach (var element in source)
        {
            if (predicate(element))
            {
                last = element;
            }
        }

        return last;
    }

    /// <summary>The element at a position, or the default of the type.</summary>
    public static T? ElementAtOrDefault<T>(this IEnumerable<T> source, int index) =>
        index < 0 ? default : source.Skip(index).FirstOrDefault();

    /// <summary>The smallest element that is not null.</summary>
    /// <returns>Null for a sequence without elements; throws if the type cannot be null.</returns>
    public static T? Min<T>(this IEnumerable<T> source) => source.MinBy(element => element);

    /// <summary>The smallest result that is not null.</summary>
    /// <returns>Null for a sequence without elements; throws if the type cannot be null.</returns>
    public static TResult? Min<T, TResult>(this IEnumerable<T> source, Func<T, TResult> selector) => source.Select(selector).Min();

    /// <summary>The largest element that is not null.</summary>
    /// <returns>Null for a sequence without elements; throws if the type cannot be null.</returns>
    public static T? Max<T>(this IEnumerable<T> source) => source.MaxBy(element => element);

    /// <summary>The largest result that is not null.</summary>
    /// <returns>Null for a sequence without elements; throws if the type cannot be null.</returns>
    public static TResult? Max<T, TResult>(this IEnumerable<T> source, Func<T, TResult> selector) => source.Select(selector).Max();

    /// <summary>The first element with the smallest key.</summary>
    /// <returns>Null for a sequence without elements; throws if the type cannot be null.</returns>
    public static T? MinBy<T, TKey>(this IEnumerable<T> source, Func<T, TKey> keySelector) => Extreme(source, keySelector, -1);

    /// <summary>The first element with the largest key.</summary>
    /// <returns>Null for a sequence without elements; throws if the type cannot be null.</returns>
    public static T? MaxBy<T, TKey>(this IEnumerable<T> source, Func<T, TKey> keySelector) => Extreme(source, keySelector, 1);

    private static T? Extreme<T, TKey>(IEnumerable<T> source, Func<T, TKey> keySelector, int sign)
    {
        T? extreme = default;
        TKey? extremeKey = default;
        var isFound = false;
        foreach (var element in source)
        {
            var key = keySelector(element);
            if (!isFound || (key is not null
                && (extremeKey is null || Math.Sign(Comparer<TKey>.Default.Compare(key, extremeKey)) == sign)))
            {
                (extreme, extremeKey, isFound) = (element, key, true);
            }
        }

        return isFound || default(T) is null ? extreme : throw NoElement();
    }

    private static InvalidOperationException NoElement() => new("the sequence has no such element");
}
