using System.Net;
using System.Text;
using SmmAgent.Contract;

namespace SmmAgent.Linux.Dashboard;

/// <summary>Validates the answer to one request for the mesh configuration against the contract.</summary>
internal sealed class MeshConfigAnswerReader(DashboardTarget target, string? sentETag)
{
    private const int MaximumETag = 1024;

    public async Task<DashboardResult<MeshConfigAnswer>> ReadAsync(HttpResponseMessage response, CancellationToken cancel)
    {
        if (response.StatusCode == HttpStatusCode.NotModified)
        {
            return sentETag is null
                ? new DashboardFailure.BadAnswer("says 'not modified' to a request that named no configuration")
                : DashboardResult<MeshConfigAnswer>.Good(new MeshConfigAnswer.NotModified());
        }

        var (body, failure) = await AnswerBody.ReadAsync(response, MeshConfig.MaximumBytes, cancel);
        if (body is null)
            return failure!;

        var reading = MeshConfigReader.Read(body);
        var faults = reading.Errors.ToList();
        if (reading.Value is { } config && !target.Owns(config))
            faults.Add(
                new InputError("workloadGroup",
                    $"is {config.WorkloadGroup.Namespace}/{config.WorkloadGroup.Name}, but {target.Group} was asked for"));

        var etag = response.Headers.ETag?.ToString();
        if (etag is null || etag.Length > MaximumETag || !Ascii.IsValid(etag))
            faults.Add(new InputError("ETag", ETagError(etag)));

        return faults.Count == 0
            ? DashboardResult<MeshConfigAnswer>.Good(new MeshConfigAnswer.Changed(new(reading.Value!, body, etag!)))
            : new DashboardFailure.BadAnswer(faults);
    }

    // The agent returns the ETag to the dashboard in If-None-Match, so it must be valid in a request header.
    private static string ETagError(string? etag) => etag switch
    {
        null => "is missing or malformed",
        { Length: > MaximumETag } => $"is longer than {MaximumETag} characters",
        _ => "has characters that a request cannot carry back",
    };
}
