using System.Buffers;

namespace SmmAgent.Linux.Dashboard;

/// <summary>Reads the body of an answer up to a limit.</summary>
internal static class BoundedBody
{
    /// <returns>The body; null when it is larger than the limit.</returns>
    public static async Task<byte[]?> ReadAsync(HttpContent content, int limit, CancellationToken cancel)
    {
        if (content.Headers.ContentLength > limit)
            return null;

        await using var stream = await content.ReadAsStreamAsync(cancel);
        var body = new ArrayBufferWriter<byte>(Math.Min(limit + 1, 16 * 1024));
        while (true)
        {
            var room = body.GetMemory(Math.Min(4096, limit + 1 - body.WrittenCount));
            room = room[..Math.Min(room.Length, limit + 1 - body.WrittenCount)];
            var length = await stream.ReadAsync(room, cancel);
            if (length == 0)
                return body.WrittenSpan.ToArray();

            body.Advance(length);
            if (body.WrittenCount > limit)
                return null;
        }
    }
}
