using SmmAgent.Contract;

namespace SmmAgent.Linux.Dashboard;

/// <summary>Reads the JSON body of a successful answer: all of it, or a failure.</summary>
internal static class AnswerBody
{
    public static async Task<(byte[]? Body, DashboardFailure? Fault)> ReadAsync(
        HttpResponseMessage response, int limit, CancellationToken cancel)
    {
        if (response.StatusCode != System.Net.HttpStatusCode.OK)
            return (null, new DashboardFailure.BadAnswer($"has the status {(int)response.StatusCode}, which this call never answers"));

        if (response.Content.Headers.ContentEncoding is { Count: > 0 } encoding && encoding.Any(each => each != "identity"))
        {
            return (null, new DashboardFailure.BadAnswer(
                $"is compressed ({OneLine.From(string.Join(", ", encoding), 40)}), which the agent did not ask for: "
                + "have what is in front of the dashboard not compress its answers"));
        }

        var type = response.Content.Headers.ContentType;
        if (type?.MediaType != "application/json"
            || !(type.CharSet?.Trim('"') ?? "utf-8").Equals("utf-8", StringComparison.OrdinalIgnoreCase))
        {
            var shown = type is null ? "no content type" : $"the content type '{OneLine.From(type.ToString())}'";
            return (null, new DashboardFailure.BadAnswer(
                $"has {shown}, not application/json: something else than the dashboard may have answered"));
        }

        try
        {
            return await BoundedBody.ReadAsync(response.Content, limit, cancel) is { } body
                ? (body, null)
                : (null, new DashboardFailure.BadAnswer($"is larger than {limit} bytes"));
        }
        catch (Exception exception) when (exception is IOException or HttpRequestException)
        {
            return (null, new DashboardFailure.BadAnswer("was cut off before its end"));
        }
    }
}
