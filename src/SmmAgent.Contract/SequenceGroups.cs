using System.Collections;
using System.Linq;

namespace SmmAgent;

/// <summary>The operators of <see cref="Sequences"/> that group elements. The groups are made at once.</summary>
public static class SequenceGroups
{
    /// <summary>The elements of each key, in the order of the first element of each.</summary>
    public static IEnumerable<IGrouping<TKey, T>> GroupBy<T, TKey>(this IEnumerable<T> source, Func<T, TKey> keySelector) =>
        source.ToLookup(keySelector);

    /// <summary>The mapped elements of each key, in the order of the first element of each.</summary>
    public static IEnumerable<IGrouping<TKey, TElement>> GroupBy<T, TKey, TElement>(
        this IEnumerable<T> source, Func<T, TKey> keySelector, Func<T, TElement> elementSelector) =>
        source.ToLookup(keySelector, elementSelector);

    /// <summary>The elements by their key.</summary>
    public static ILookup<TKey, T> ToLookup<T, TKey>(this IEnumerable<T> source, Func<T, TKey> keySelector)
    {
        var lookup = new SequenceLookup<TKey, T>();
        foreach (var element in source)
        {
            lookup.Add(keySelector(element), element);
        }

        return lookup;
    }

    /// <summary>The mapped elements by their key.</summary>
    public static ILookup<TKey, TElement> ToLookup<T, TKey, TElement>(
        this IEnumerable<T> source, Func<T, TKey> keySelector, Func<T, TElement> elementSelector)
    {
        var lookup = new SequenceLookup<TKey, TElement>();
        foreach (var element in source)
        {
            lookup.Add(keySelector(element), elementSelector(element));
        }

        return lookup;
    }

    /// <summary>The elements of one key.</summary>
    private sealed class Group<TKey, T>(TKey key) : IGrouping<TKey, T>
    {
        public TKey Key => key;

        public List<T> Elements { get; } = [];

        public IEnumerator<T> GetEnumerator() => Elements.GetEnumerator();

        IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
    }

    /// <summary>Groups in the order of their first elements. Their keys are boxed, as in <see cref="SequenceSets"/>.</summary>
    private sealed class SequenceLookup<TKey, T> : ILookup<TKey, T>
    {
        private readonly Dictionary<object, object> _byKey = [];
        private readonly List<object> _groups = [];

        public int Count => _groups.Count;

        public IEnumerable<T> this[TKey key] => Find(key)?.Elements ?? [];

        public bool Contains(TKey key) => Find(key) is not null;

        public void Add(TKey key, T element)
        {
            var group = Find(key);
            if (group is null)
            {
                group = new(key);
                _byKey.Add(key ?? SequenceSets.Null, group);
                _groups.Add(group);
            }

            group.Elements.Add(element);
        }

        public IEnumerator<IGrouping<TKey, T>> GetEnumerator()
        {
            foreach (var group in _groups)
            {
                yield return (IGrouping<TKey, T>)group;
            }
        }

        IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

        private Group<TKey, T>? Find(TKey key) => (Group<TKey, T>?)_byKey.GetValueOrDefault(key ?? SequenceSets.Null);
    }
}
