using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;

namespace SmmAgent.Tests.Records;

/// <summary>
/// The records of assemblies that have the text of the compiler (their ToString is synthesized), and the uses of these texts.
/// </summary>
internal sealed class RecordTexts
{
    // A value is passed to these as an object, and they do not format it.
    private static readonly string[] Neutral = ["Equals", "ReferenceEquals", "OfType"];

    private static readonly string[] Formatters =
        ["System.String", "System.Text.StringBuilder", "System.IO.TextWriter", "Microsoft.Extensions.Logging.LoggerMessage"];

    // A value of these types is an object of any type, or a collection of such objects.
    private static readonly string[] Untyped =
    [
        "System.Object", "System.ValueType", "System.IFormattable", "System.Array", "System.Collections.IEnumerable",
        "System.Collections.IEnumerator", "System.Collections.ICollection", "System.Collections.IList", "System.Collections.IDictionary",
    ];

    private readonly HashSet<string> _types = [];
    private readonly List<(string Type, string Base)> _bases = [];
    private readonly HashSet<string> _carriers;

    public RecordTexts(IEnumerable<string> files)
    {
        var open = files.Select(file => new PEReader(File.OpenRead(file))).ToList();
        Records = open.ConvertAll(file => Read(file.GetMetadataReader()));
        _carriers = Carriers();
        Uses = open.SelectMany(FindUses).Distinct().ToList();
        open.ForEach(file => file.Dispose());
    }

    /// <summary>The names of the records in each assembly.</summary>
    public IReadOnlyList<(string Assembly, IReadOnlyList<string> Types)> Records { get; }

    /// <summary>The places where a record, or a value that contains records, becomes a text or an object that could become one.</summary>
    public IReadOnlyList<string> Uses { get; }

    private (string Assembly, IReadOnlyList<string> Types) Read(MetadataReader reader)
    {
        List<string> records = [];
        foreach (var handle in reader.TypeDefinitions)
        {
            var type = reader.GetTypeDefinition(handle);
            var name = TypeNames.Of(reader, handle, default);
            _types.Add(name);
            if (type.GetMethods().Select(reader.GetMethodDefinition).Any(method => IsSynthesizedText(reader, method)))
                records.Add(name);
            if (!type.BaseType.IsNil)
                _bases.Add((name, TypeNames.Head(TypeNames.Of(reader, type.BaseType, default))));
            _bases.AddRange(type.GetInterfaceImplementations().Select(reader.GetInterfaceImplementation)
                .Select(implemented => (name, TypeNames.Head(TypeNames.Of(reader, implemented.Interface, default)))));
        }

        records.Sort(StringComparer.Ordinal);
        return (reader.GetString(reader.GetAssemblyDefinition().Name), records);
    }

    private static bool IsSynthesizedText(MetadataReader reader, MethodDefinition method) =>
        reader.StringComparer.Equals(method.Name, "ToString")
        && method.GetCustomAttributes().Select(reader.GetCustomAttribute).Any(attribute =>
            attribute.Constructor.Kind is HandleKind.MemberReference
            && TypeNames.Of(reader, reader.GetMemberReference((MemberReferenceHandle)attribute.Constructor).Parent, default)
                == "System.Runtime.CompilerServices.CompilerGeneratedAttribute");

    // A value of a base or of an interface can be a record. The text of an anonymous type contains the texts of its members.
    private HashSet<string> Carriers()
    {
        HashSet<string> found =
        [
            .. Records.SelectMany(assembly => assembly.Types),
            .. _types.Where(type => type.StartsWith("<>f__AnonymousType", StringComparison.Ordinal)),
        ];
        while (_bases.FindAll(type => found.Contains(type.Type) && _types.Contains(type.Base) && found.Add(type.Base)).Count > 0)
            continue;
        return found;
    }

    private IEnumerable<string> FindUses(PEReader file)
    {
        var (conversions, calls) = ValueFlow.Read(file);
        foreach (var (method, from, to, called) in conversions.Where(conversion => !IsSynthesized(conversion.Method)))
        {
            if (MayContain(from) && IsUntyped(to) && !Neutral.Contains(called.Split("::")[^1]))
                yield return $"{method}: {from} becomes {to} {called}".TrimEnd();
        }

        foreach (var (method, called, receiver, arguments, result) in calls.Where(call => !IsSynthesized(call.Method)))
        {
            if ((called.EndsWith("::ToString", StringComparison.Ordinal) && MayContain(receiver))
                || (IsFormatter(called) && arguments.Any(MayContain)))
                yield return $"{method}: {called} of {string.Join(", ", [receiver, .. arguments])}";
            // The exception of a missing or a duplicate key has the text of the key.
            if (TypeNames.Head(result).Contains("Dictionary`", StringComparison.Ordinal) && MayContain(TypeNames.Arguments(result)[0]))
                yield return $"{method}: keys of {result}";
        }
    }

    // A type parameter can stand for a record.
    private bool MayContain(string type) => TypeNames.Parts(type).Any(part => part.StartsWith('!') || _carriers.Contains(part));

    private bool IsUntyped(string type) => TypeNames.Parts(type).Any(Untyped.Contains) && !MayContain(type);

    private static bool IsFormatter(string called) =>
        called.Contains("InterpolatedStringHandler", StringComparison.Ordinal) || Formatters.Contains(called.Split("::")[0]);

    // Members of records, of anonymous types and of collections that the compiler writes.
    private static bool IsSynthesized(string method) => method.Split("::") is [var type, var name]
        && (name == "PrintMembers"
            || type.StartsWith("<>", StringComparison.Ordinal)
            || name.StartsWith("System.Collections.", StringComparison.Ordinal));
}
