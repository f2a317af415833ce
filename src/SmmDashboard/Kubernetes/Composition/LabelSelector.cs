using System.Text.Json;

namespace SmmDashboard.Kubernetes.Composition;

/// <summary>A label selector of the mesh's discoverySelectors.</summary>
public sealed class LabelSelector
{
    private readonly JsonElement _selector;

    internal LabelSelector(JsonElement selector) => _selector = selector;

    /// <summary>
    /// Whether it selects an object with these labels. An unsupported expression selects, so that no VM is refused because of it.
    /// </summary>
    public bool Selects(IReadOnlyDictionary<string, string> labels) =>
        _selector.Member("matchLabels").Properties().All(pair => Value(labels, pair.Name) is { } value && value == pair.Value.ToString())
        && _selector.Member("matchExpressions").Items().All(expression => Holds(expression, labels));

    private static bool Holds(JsonElement expression, IReadOnlyDictionary<string, string> labels)
    {
        var value = Value(labels, expression.Text("key") ?? "");
        var values = expression.Member("values").Items().Select(item => item.ToString());
        return expression.Text("operator") switch
        {
            "In" => value is not null && values.Contains(value),
            "NotIn" => value is null || !values.Contains(value),
            "Exists" => value is not null,
            "DoesNotExist" => value is null,
            _ => true,
        };
    }

    private static string? Value(IReadOnlyDictionary<string, string> labels, string name) => labels.GetValueOrDefault(name);
}
