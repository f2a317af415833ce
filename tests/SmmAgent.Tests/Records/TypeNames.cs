using System.Collections.Immutable;
using System.Reflection.Metadata;

namespace SmmAgent.Tests.Records;

/// <summary>The type arguments that stand for the type parameters of a signature.</summary>
internal readonly record struct TypeArguments(ImmutableArray<string> OfType, ImmutableArray<string> OfMethod);

/// <summary>
/// Names of types in IL, for example <c>Namespace.Outer/Inner`2[A;B]</c> and <c>A[]</c>. A reference has the name of its type.
/// <c>A|B</c> is a type that is A or B.
/// </summary>
internal sealed class TypeNames : ISignatureTypeProvider<string, TypeArguments>
{
    public static readonly TypeNames Provider = new();

    public static string Of(MetadataReader reader, EntityHandle type, TypeArguments arguments) => type.Kind switch
    {
        HandleKind.TypeDefinition => Provider.GetTypeFromDefinition(reader, (TypeDefinitionHandle)type, 0),
        HandleKind.TypeReference => Provider.GetTypeFromReference(reader, (TypeReferenceHandle)type, 0),
        HandleKind.TypeSpecification => Provider.GetTypeFromSpecification(reader, arguments, (TypeSpecificationHandle)type, 0),
        _ => "",
    };

    /// <summary>The type of a value that has one or the other type; either can be unknown.</summary>
    public static string Either(string one, string other) =>
        one.Length == 0 || other.Split('|').Contains(one) ? other
        : other.Length == 0 || one.Split('|').Contains(other) ? one
        : $"{one}|{other}";

    /// <summary>The name without type arguments.</summary>
    public static string Head(string type) => type.IndexOf('[') is var begin and >= 0 ? type[..begin] : type;

    /// <summary>The names of a type, of its elements and of its type arguments.</summary>
    public static string[] Parts(string type) => type.Split(['[', ']', ';', '|'], StringSplitOptions.RemoveEmptyEntries);

    /// <summary>The type arguments of the name of a type.</summary>
    public static ImmutableArray<string> Arguments(string type)
    {
        var begin = type.IndexOf('`') is var tick and >= 0 ? type.IndexOf('[', tick) : -1;
        if (begin < 0 || type.EndsWith("[]", StringComparison.Ordinal))
            return [];
        List<string> arguments = [];
        var depth = 0;
        var from = begin + 1;
        for (var at = from; at < type.Length; at++)
        {
            if ((type[at] == ';' && depth == 0) || at == type.Length - 1)
            {
                arguments.Add(type[from..at]);
                from = at + 1;
            }

            depth += type[at] == '[' ? 1 : type[at] == ']' ? -1 : 0;
        }

        return [.. arguments];
    }

    public string GetTypeFromDefinition(MetadataReader reader, TypeDefinitionHandle handle, byte rawTypeKind)
    {
        var type = reader.GetTypeDefinition(handle);
        var outer = type.GetDeclaringType();
        return outer.IsNil
            ? Join(reader, type.Namespace, type.Name)
            : $"{GetTypeFromDefinition(reader, outer, 0)}/{reader.GetString(type.Name)}";
    }

    public string GetTypeFromReference(MetadataReader reader, TypeReferenceHandle handle, byte rawTypeKind)
    {
        var type = reader.GetTypeReference(handle);
        return type.ResolutionScope.Kind == HandleKind.TypeReference
            ? $"{GetTypeFromReference(reader, (TypeReferenceHandle)type.ResolutionScope, 0)}/{reader.GetString(type.Name)}"
            : Join(reader, type.Namespace, type.Name);
    }

    public string GetTypeFromSpecification(
        MetadataReader reader, TypeArguments genericContext, TypeSpecificationHandle handle, byte rawTypeKind) =>
        reader.GetTypeSpecification(handle).DecodeSignature(this, genericContext);

    public string GetPrimitiveType(PrimitiveTypeCode typeCode) => $"System.{typeCode}";

    public string GetGenericInstantiation(string genericType, ImmutableArray<string> typeArguments) =>
        $"{genericType}[{string.Join(';', typeArguments)}]";

    public string GetGenericTypeParameter(TypeArguments genericContext, int index) =>
        genericContext.OfType.IsDefault || index >= genericContext.OfType.Length ? $"!{index}" : genericContext.OfType[index];

    public string GetGenericMethodParameter(TypeArguments genericContext, int index) =>
        genericContext.OfMethod.IsDefault || index >= genericContext.OfMethod.Length ? $"!!{index}" : genericContext.OfMethod[index];

    public string GetArrayType(string elementType, ArrayShape shape) => elementType + "[]";

    public string GetSZArrayType(string elementType) => elementType + "[]";

    public string GetByReferenceType(string elementType) => elementType;

    public string GetPointerType(string elementType) => elementType + "*";

    public string GetPinnedType(string elementType) => elementType;

    public string GetModifiedType(string modifier, string unmodifiedType, bool isRequired) => unmodifiedType;

    public string GetFunctionPointerType(MethodSignature<string> signature) => "";

    private static string Join(MetadataReader reader, StringHandle space, StringHandle name) =>
        space.IsNil ? reader.GetString(name) : $"{reader.GetString(space)}.{reader.GetString(name)}";
}
