using System.Globalization;
using SmmAgent.Contract.Yaml;

namespace SmmDashboard.Embedded.Mesh;

/// <summary>Finds the lines of members of the mesh description, for messages about them.</summary>
public sealed class MeshFileLines
{
    private readonly YamlNode? _root;

    public MeshFileLines(string yaml) => _root = YamlReader.Parse(yaml, MeshDescriptionYaml.Limits).Root;

    /// <summary>Finds the line of a member, or of the nearest section above a missing one; null when the file is not valid YAML.</summary>
    /// <param name="path">For example <c>groups[0].workloadGroup.ports.http</c>.</param>
    public int? Find(string path)
    {
        if (_root is null)
            return null;

        var (node, line) = (_root, _root.Line);
        foreach (var step in Steps(path))
        {
            if (int.TryParse(step, NumberStyles.None, CultureInfo.InvariantCulture, out var index) && node.Kind == YamlKind.List)
            {
                if (index >= node.Items.Count)
                    return line;
                (node, line) = (node.Items[index], node.Items[index].Line);
            }
            else if (node.Members.FirstOrDefault(member => member.Key == step) is { } member)
            {
                (node, line) = (member.Value, member.Line);
            }
            else
            {
                return line;
            }
        }

        return line;
    }

    private static string[] Steps(string path) =>
        path.Replace("[", ".", StringComparison.Ordinal).Replace("]", "", StringComparison.Ordinal)
            .Split('.', StringSplitOptions.RemoveEmptyEntries);
}
