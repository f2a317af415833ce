namespace SmmAgent;

/// <summary>The operators of <see cref="Sequences"/> that read a sequence at once, and return a collection.</summary>
public static class SequenceCollections
{
    /// <summary>The elements.</summary>
    public static T[] ToArray<T>(this IEnumerable<T> source)
    {
        var elements = new T[4];
        var count = 0;
        foreach (var element in source)
        {
            if (count == elements.Length)
            {
                Array.Resize(ref elements, count * 2);
            }

            elements[count++] = element;
        }

        Array.Resize(ref elements, count);
        return elements;
    }

    /// <summary>The elements.</summary>
    public static List<T> ToList<T>(this IEnumerable<T> source) => new(source);

    /// <summary>Each element once.</summary>
    public static HashSet<T> ToHashSet<T>(this IEnumerable<T> source, IEqualityComparer<T>? comparer = null) => new(source, comparer);

    /// <summary>The entries.</summary>
    public static Dictionary<TKey, TValue> ToDictionary<TKey, TValue>(this IEnumerable<KeyValuePair<TKey, TValue>> source)
        where TKey : notnull =>
        new(source);

    /// <summary>The elements by their keys. Throws if two elements have the same key.</summary>
    public static Dictionary<TKey, T> ToDictionary<T, TKey>(
        this IEnumerable<T> source, Func<T, TKey> keySelector, IEqualityComparer<TKey>? comparer = null)
        where TKey : notnull
    {
        var elements = new Dictionary<TKey, T>(comparer);
        foreach (var element in source)
        {
            elements.Add(keySelector(element), element);
        }

        return elements;
    }

    /// <summary>A value of each element by its key. Throws if two elements have the same key.</summary>
    public static Dictionary<TKey, TValue> ToDictionary<T, TKey, TValue>(
        this IEnumerable<T> source, Func<T, TKey> keySelector, Func<T, TValue> valueSelector, IEqualityComparer<TKey>? comparer = null)
        where TKey : notnull
    {
        var values = new Dictionary<TKey, TValue>(comparer);
        foreach (var element in source)
        {
            values.Add(keySelector(element), valueSelector(element));
        }

        return values;
    }
}
