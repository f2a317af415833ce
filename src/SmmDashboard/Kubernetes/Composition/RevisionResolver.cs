using SmmAgent.Contract;
using SmmDashboard.Kubernetes.Objects;

namespace SmmDashboard.Kubernetes.Composition;

/// <summary>
/// Finds the control plane of a WorkloadGroup: by its own label istio.io/rev, else its namespace's, else the default; through tags.
/// </summary>
internal sealed class RevisionResolver
{
    private const string DefaultTagWebhook = "istio-revision-tag-default";
    private const string DefaultValidator = "istiod-default-validator";

    private readonly ClusterObjects _objects;
    private readonly MeshOptions _options;
    private readonly SortedDictionary<string, ControlPlane> _planes;
    private readonly SortedDictionary<string, string> _tags;
    private readonly Dictionary<string, Namespace> _namespaces;

    public RevisionResolver(ClusterObjects objects, MeshOptions options, IReadOnlyList<ControlPlane> planes, List<ObjectFault> faults)
    {
        (_objects, _options) = (objects, options);
        _planes = new(planes.ToDictionary(plane => plane.Label), StringComparer.Ordinal);
        _namespaces = objects.Namespaces.DistinctBy(@namespace => @namespace.Metadata.Name)
            .ToDictionary(@namespace => @namespace.Metadata.Name);
        _tags = Read(faults);
    }

    /// <summary>Revision tags, and the revisions or tags that they stand for.</summary>
    public IReadOnlyDictionary<string, string> Tags => _tags;

    /// <summary>The namespace; null when it was not seen.</summary>
    public Namespace? Namespace(string name) => _namespaces.GetValueOrDefault(name);

    /// <summary>The group's control plane; or null and the reason.</summary>
    public (ControlPlane? Plane, ObjectFault? Fault) Resolve(WorkloadGroupObject group)
    {
        var own = group.Metadata.Label(IstioNames.Revision);
        var reference = ObjectReference.From(group);
        if (own.Length > 0)
            return Follow(own, reference, "", isOwnLabel: true);

        if (Namespace(group.Metadata.Namespace) is not { } @namespace)
        {
            return (null, new(reference, FaultReasons.RevisionNotFound,
                "its namespace was not found, so its revision is unknown: may smm-dashboard list namespaces? (kubectl get namespace "
                    + $"{group.Metadata.Namespace})", Blocks: true));
        }

        return @namespace.Metadata.Label(IstioNames.Revision) is { Length: > 0 } asked and not IstioNames.Default
            ? Follow(asked, reference, $"its namespace {group.Metadata.Namespace} ")
            : Default(reference);
    }

    private (ControlPlane? Plane, ObjectFault? Fault) Default(ObjectReference group)
    {
        if (_options.DefaultRevision is { } option)
            return Follow(option, group, "the option --revision ");
        if (_tags.ContainsKey(IstioNames.Default))
            return Follow(IstioNames.Default, group, "");

        var validator = _objects.ValidatingWebhooks.FirstOrDefault(webhook => webhook.Metadata.Name == DefaultValidator)?.Metadata.Label(
            IstioNames.Revision);
        return validator is { Length: > 0 } revision && _planes.TryGetValue(revision, out var plane)
            ? (plane, null)
            : Follow(IstioNames.Default, group, "");
    }

    private (ControlPlane? Plane, ObjectFault? Fault) Follow(string asked, ObjectReference group, string asker, bool isOwnLabel = false)
    {
        var (at, passed) = (asked, new List<string>());
        // A tag may move the default away from a control plane of that name; any other revision counts before a tag of its name.
        var isTag = asked == IstioNames.Default || !_planes.ContainsKey(asked);
        while (isTag && _tags.TryGetValue(at, out var next))
        {
            if (passed.Contains(at))
                return (null, Unknown(group, isOwnLabel,
                    $"{asker}asks for revision '{NameRules.Shown(asked)}', a tag that leads back to itself "
                        + $"({Shown([.. passed, at], " -> ")})"));

            passed.Add(at);
            at = next;
            isTag = !_planes.ContainsKey(at);
        }

        if (_planes.TryGetValue(at, out var plane))
            return (plane, null);

        var tag = passed.Count > 0 ? $" (a tag of '{NameRules.Shown(at)}')" : "";
        return (null, Unknown(group, isOwnLabel,
            $"{asker}asks for revision '{NameRules.Shown(asked)}'{tag}, which no control plane or tag has"));
    }

    /// <param name="isOwnLabel">Whether the group's own label asks, before which its namespace's does not count.</param>
    private ObjectFault Unknown(ObjectReference group, bool isOwnLabel, string what)
    {
        var label = isOwnLabel ? $"kubectl -n {group.Namespace} label workloadgroup {group.Name}"
            : $"kubectl label namespace {group.Namespace}";
        var known = _planes.Count == 0
            ? "no control plane was found at all (a ConfigMap with the label istio.io/rev and the key mesh) in namespace "
                + $"{Shown(_options.IstioNamespaces, ", ")}: "
                + "is Istio installed there? Another namespace is an option, --istio-namespace"
            : $"known are {Shown(_planes.Keys, ", ")}{(_tags.Count > 0 ? $", and the tags {Shown(_tags.Keys, ", ")}" : "")}: "
                + $"{label} istio.io/rev=REVISION --overwrite";
        return new(group, FaultReasons.RevisionNotFound, $"{what}; {known}", Blocks: true);
    }

    private static string Shown(IEnumerable<string> names, string separator)
    {
        var all = names.ToList();
        return string.Join(separator, all.Take(20).Select(NameRules.Shown)) + (all.Count > 20 ? $" and {all.Count - 20} more" : "");
    }

    // Newer versions of Istio also create a Service for each tag. Where both objects exist, they agree.
    private SortedDictionary<string, string> Read(List<ObjectFault> faults)
    {
        var ofServices = _objects.Services
            .Where(service => _options.IstioNamespaces.Contains(service.Metadata.Namespace)
                && service.Metadata.Name.StartsWith("istiod-revision-tag-", StringComparison.Ordinal))
            .Select(
                service => (Source: new ObjectReference("Service", service.Metadata.Namespace, service.Metadata.Name), service.Metadata));
        var ofWebhooks = _objects.MutatingWebhooks
            .Select(webhook => (Source: new ObjectReference("MutatingWebhookConfiguration", "", webhook.Metadata.Name), webhook.Metadata));

        var tags = new SortedDictionary<string, string>(StringComparer.Ordinal);
        var sources = new Dictionary<string, ObjectReference>();
        var all = Sorted(ofServices).Concat(Sorted(ofWebhooks))
            .Select(
                candidate => (candidate.Source, Tag: TagOf(candidate.Metadata), Revision: candidate.Metadata.Label(IstioNames.Revision)))
            .Where(candidate => candidate.Tag.Length > 0 && candidate.Revision.Length > 0);
        foreach (var (source, tag, revision) in all)
        {
            if (tags.TryAdd(tag, revision))
            {
                sources[tag] = source;
            }
            else if (tags[tag] != revision)
            {
                faults.Add(new(source, FaultReasons.RevisionAmbiguous,
                    $"says that tag '{NameRules.Shown(tag)}' is revision '{NameRules.Shown(revision)}'; {sources[tag]} says "
                        + $"'{NameRules.Shown(tags[tag])}', "
                    + $"which counts: istioctl tag set {NameRules.Shown(tag)} --revision REVISION --overwrite", Blocks: false));
            }
        }

        return tags;

        static IEnumerable<(ObjectReference Source, ObjectMeta Metadata)> Sorted(
            IEnumerable<(ObjectReference Source, ObjectMeta Metadata)> candidates) =>
            candidates.OrderBy(candidate => candidate.Source.Namespace, StringComparer.Ordinal)
            .ThenBy(candidate => candidate.Source.Name, StringComparer.Ordinal);
    }

    // Outside istio-system the name of the default's webhook has the namespace behind it.
    private static string TagOf(ObjectMeta metadata) => metadata.Label(IstioNames.Tag) is { Length: > 0 } tag ? tag
        : metadata.Name == DefaultTagWebhook
        || metadata.Name.StartsWith(DefaultTagWebhook + "-", StringComparison.Ordinal) ? IstioNames.Default
        : "";
}
