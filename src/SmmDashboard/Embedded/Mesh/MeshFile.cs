using System.Security.Cryptography;
using System.Text;
using SmmAgent.Contract;
using SmmDashboard.Hosting;

namespace SmmDashboard.Embedded.Mesh;

/// <summary>The mesh description file on disk.</summary>
public sealed class MeshFile(string path)
{
    public const int MaximumBytes = 8 * 1024 * 1024;

    /// <summary>What to do when the file of an option cannot be read.</summary>
    public const string Advice =
        "name a mesh description (YAML); the package has an example: /usr/share/doc/smm-dashboard/mesh.yaml.example";

    public string Path { get; } = System.IO.Path.GetFullPath(path);

    /// <summary>Reads the bytes of the file; the fault has the reason when they cannot be read.</summary>
    public ReadResult<byte[]> Load()
    {
        try
        {
            if (File.Exists(Path) && !RegularFile.Exists(Path))
                return Refused("the file is not a regular file");

            using var stream = new FileStream(Path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);
            var content = new byte[Math.Min(stream.Length, MaximumBytes) + 1];
            var length = stream.ReadAtLeast(content, content.Length, throwOnEndOfStream: false);
            return length <= MaximumBytes
                ? ReadResult<byte[]>.Good(content[..length])
                : Refused($"the file is larger than {MaximumBytes} bytes");
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return Refused($"the file cannot be read: {FileReason.From(exception, Path)}");
        }
    }

    /// <param name="content">The bytes of the file.</param>
    /// <param name="previous">The description before the edit, of which unchanged groups are kept; null for none.</param>
    public static ReadResult<MeshDescription> Read(byte[] content, MeshDescription? previous = null)
    {
        try
        {
            var text = new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(content).TrimStart('\uFEFF');
            return text.AsSpan().Trim().IsEmpty
                ? ReadResult<MeshDescription>.Refused(
                    [new InputError("", "the file is empty; it must have publicUrl, mesh, meshExpansionGateways and groups")])
                : MeshDescriptionReader.Read(text, previous);
        }
        catch (DecoderFallbackException)
        {
            return ReadResult<MeshDescription>.Refused([new InputError("", "the file is not UTF-8")]);
        }
        catch (Exception exception) when (exception is not OutOfMemoryException)
        {
            // A defect of the reader must not end the process, which has a valid description.
            return ReadResult<MeshDescription>.Refused(
                [new InputError("", $"the file cannot be read: {NameRules.Shown(exception.Message)}")]);
        }
    }

    public static string Digest(byte[] content) => Convert.ToHexString(SHA256.HashData(content));

    private static ReadResult<byte[]> Refused(string reason) => ReadResult<byte[]>.Refused([new InputError("", reason)]);
}
