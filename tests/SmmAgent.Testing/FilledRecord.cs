using System.Collections;
using System.Net;
using System.Reflection;

namespace SmmAgent.Testing;

/// <summary>
/// Creates a record in which no member has its default value, so that a member that a writer or a reader forgets is seen.
/// </summary>
public static class FilledRecord
{
    public static T Create<T>() => (T)Create(typeof(T), new Counter());

    private static object Create(Type type, Counter next)
    {
        type = Nullable.GetUnderlyingType(type) ?? type;
        if (type == typeof(string))
            return $"text {next.Value()}";
        if (type == typeof(bool))
            return true;
        if (type == typeof(int) || type == typeof(long) || type == typeof(double))
            return Convert.ChangeType(next.Value(), type, null);
        if (type == typeof(DateTimeOffset))
            return new DateTimeOffset(2024, 1, 2, 3, 4, 5, TimeSpan.Zero).AddDays(next.Value());
        if (type == typeof(Guid))
            return new Guid(next.Value(), 1, 2, 3, 4, 5, 6, 7, 8, 9, 10);
        if (type == typeof(IPNetwork))
            return new IPNetwork(IPAddress.Parse($"10.{next.Value()}.0.0"), 16);
        if (type == typeof(byte[]))
            return new[] { (byte)next.Value() };
        if (type.IsEnum)
            return Enum.GetValues(type).Cast<object>().ElementAt(1); // neither the default nor the value for unknown texts
        if (type.IsGenericType && type.GetGenericTypeDefinition() == typeof(IReadOnlyDictionary<,>))
            return Dictionary(type.GetGenericArguments(), next);
        if (type.IsGenericType && type.GetGenericTypeDefinition() == typeof(IReadOnlyList<>))
            return List(type.GetGenericArguments()[0], next);
        return Record(type, next);
    }

    private static IDictionary Dictionary(Type[] types, Counter next)
    {
        var dictionary = (IDictionary)Activator.CreateInstance(typeof(Dictionary<,>).MakeGenericType(types))!;
        dictionary.Add(Create(types[0], next), Create(types[1], next));
        return dictionary;
    }

    private static Array List(Type item, Counter next)
    {
        var list = Array.CreateInstance(item, 2);
        list.SetValue(Create(item, next), 0);
        list.SetValue(Create(item, next), 1);
        return list;
    }

    private static object Record(Type type, Counter next)
    {
        // The longest constructor that is not the one for copies.
        var constructor = type.GetConstructors().OrderBy(candidate => candidate.GetParameters().Length)
            .Last(candidate => candidate.GetParameters() is not [{ ParameterType: var only }] || only != type);
        var parameters = constructor.GetParameters();
        var record = constructor.Invoke([.. parameters.Select(parameter => Create(parameter.ParameterType, next))]);
        foreach (var property in type.GetProperties(BindingFlags.Public | BindingFlags.Instance))
        {
            if (property.SetMethod is { IsPublic: true } && parameters.All(parameter => parameter.Name != property.Name))
                property.SetValue(record, Create(property.PropertyType, next));
        }

        return record;
    }

    private sealed class Counter
    {
        private int _value;

        public int Value() => ++_value;
    }
}
