using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using SmmAgent.Contract;

namespace SmmDashboard.Http;

/// <summary>The body of a request. Its size is checked before its form.</summary>
public sealed class RequestBody
{
    private readonly HttpRequest _request;
    private readonly byte[] _content;

    private RequestBody(HttpRequest request, byte[] content) => (_request, _content) = (request, content);

    /// <summary>Reads at most <paramref name="limit"/> bytes.</summary>
    /// <returns>The body; null when it is larger.</returns>
    public static async Task<RequestBody?> ReadAsync(HttpContext context, int limit)
    {
        if (context.Request.ContentLength > limit)
            return null;

        var buffer = new byte[(int)(context.Request.ContentLength ?? limit) + 1];
        var length = await context.Request.Body.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, context.RequestAborted);
        return length <= limit ? new RequestBody(context.Request, buffer[..length]) : null;
    }

    /// <summary>Reads a field of a form (application/x-www-form-urlencoded); empty when the form does not have it.</summary>
    public string FormField(string name) =>
        Microsoft.AspNetCore.WebUtilities.QueryHelpers.ParseQuery(System.Text.Encoding.UTF8.GetString(_content))
            .TryGetValue(name, out var value) ? value.ToString() : "";

    /// <summary>Parses the body as a JSON object of the declared media type.</summary>
    internal bool TryParse<T>(Func<ObjectReader, T> read, [NotNullWhen(true)] out T? value, [NotNullWhen(false)] out ApiProblem? problem)
        where T : class
    {
        (value, problem) = (null, null);
        if (_request.ContentType is { Length: > 0 } && !_request.HasJsonContentType())
        {
            problem = ApiProblem.MediaTypeNotSupported();
            return false;
        }

        using var document = StrictJson.Parse(_content, out var fault);
        if (document?.RootElement.ValueKind != JsonValueKind.Object)
        {
            problem = ApiProblem.BodyInvalid($"the body {fault ?? "is not a JSON object"}");
            return false;
        }

        var faults = new List<InputError>();
        value = read(new ObjectReader(document.RootElement, "", faults));
        problem = faults.Count == 0 ? null : ApiProblem.BodyInvalid(faults);
        return problem is null;
    }
}
