namespace SmmDashboard.Kubernetes.Tokens;

internal static partial class TokenLog
{
    [LoggerMessage(6301, LogLevel.Error, "Cannot review the tokens of agents: {Fault}{Rule}")]
    public static partial void CannotReview(this ILogger log, string fault, string rule);

    [LoggerMessage(6302, LogLevel.Information, "The tokens of agents can be reviewed again")]
    public static partial void CanReviewAgain(this ILogger log);

    [LoggerMessage(6303, LogLevel.Warning,
        "A VM of the service account {Namespace}/{Name} presents a token for the API server, which is accepted "
            + "(--accept-api-server-tokens): this token also opens the Kubernetes API; {Command}")]
    public static partial void OpensKubernetesApi(this ILogger log, string @namespace, string name, string command);

    [LoggerMessage(6304, LogLevel.Error, "Cannot create a token for the service account {Namespace}/{Name}: {Fault}{Rule}")]
    public static partial void CannotMake(this ILogger log, string @namespace, string name, string fault, string rule);
}
