namespace SmmDashboard.Kubernetes.Objects;

/// <summary>
/// A MutatingWebhookConfiguration or ValidatingWebhookConfiguration: only its name and labels are read, for revision tags.
/// </summary>
public sealed record WebhookConfiguration : KubernetesObject;
