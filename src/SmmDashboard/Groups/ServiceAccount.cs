namespace SmmDashboard.Groups;

/// <summary>A Kubernetes service account.</summary>
public readonly record struct ServiceAccount(string Namespace, string Name)
{
    private const string Prefix = "system:serviceaccount:";

    public string Subject => $"{Prefix}{Namespace}:{Name}";

    public static ServiceAccount? FromSubject(string? subject) =>
        subject is not null && subject.StartsWith(Prefix, StringComparison.Ordinal)
        && subject[Prefix.Length..].Split(':') is [var space, var name]
            ? new ServiceAccount(space, name)
            : null;
}
