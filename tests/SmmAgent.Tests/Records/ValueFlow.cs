using System.Collections.Immutable;
using System.Reflection.Emit;
using System.Reflection.Metadata;
using System.Reflection.Metadata.Ecma335;
using System.Reflection.PortableExecutable;

namespace SmmAgent.Tests.Records;

/// <summary>A value of one type that becomes a value of another type: an argument, a result, an element, a variable or a field.</summary>
/// <param name="Called">The method whose argument the value is; otherwise empty.</param>
internal readonly record struct Conversion(string Method, string From, string To, string Called);

/// <summary>A call of a method.</summary>
/// <param name="Receiver">The type of the object whose method it is; empty for a static method, and when the type is not known.</param>
internal readonly record struct Call(
    string Method, string Called, string Receiver, ImmutableArray<string> TypeArguments, string Result);

/// <summary>
/// The types of the values in the methods of an assembly. IL does not state the type of a value that is passed as an object, so the
/// evaluation stack of each method is followed.
/// </summary>
internal sealed class ValueFlow
{
    private readonly MetadataReader _reader;
    private readonly Dictionary<int, List<string>> _branches = [];
    private List<string> _stack = [];
    private string _method = "";
    private ImmutableArray<string> _parameters = [];
    private ImmutableArray<string> _locals = [];

    private ValueFlow(MetadataReader reader) => _reader = reader;

    private List<Conversion> Conversions { get; } = [];

    private List<Call> Calls { get; } = [];

    public static (IReadOnlyList<Conversion> Conversions, IReadOnlyList<Call> Calls) Read(PEReader file)
    {
        var reader = file.GetMetadataReader();
        var flow = new ValueFlow(reader);
        foreach (var method in reader.MethodDefinitions.Select(reader.GetMethodDefinition))
        {
            if (method.RelativeVirtualAddress != 0)
                flow.Follow(method, file.GetMethodBody(method.RelativeVirtualAddress));
        }

        return (flow.Conversions, flow.Calls);
    }

    private void Follow(MethodDefinition method, MethodBodyBlock body)
    {
        var owner = TypeNames.Provider.GetTypeFromDefinition(_reader, method.GetDeclaringType(), 0);
        var signature = method.DecodeSignature(TypeNames.Provider, default);
        _method = $"{owner}::{_reader.GetString(method.Name)}";
        _parameters = signature.Header.IsInstance ? [owner, .. signature.ParameterTypes] : signature.ParameterTypes;
        _locals = body.LocalSignature.IsNil
            ? []
            : _reader.GetStandaloneSignature(body.LocalSignature).DecodeLocalSignature(TypeNames.Provider, default);
        _stack = [];
        _branches.Clear();
        foreach (var region in body.ExceptionRegions)
        {
            if (region.Kind is ExceptionRegionKind.Catch or ExceptionRegionKind.Filter)
                _branches[region.HandlerOffset] = ["System.Exception"];
            if (region.Kind is ExceptionRegionKind.Filter)
                _branches[region.FilterOffset] = ["System.Exception"];
        }

        foreach (var instruction in Instruction.Read(body.GetILReader()))
        {
            if (_branches.TryGetValue(instruction.Offset, out var branch))
                _stack = Merge(_stack, branch);
            Execute(instruction, signature.ReturnType);
            foreach (var target in instruction.Targets)
                _branches[target] = _branches.TryGetValue(target, out var other) ? Merge(other, _stack) : [.. _stack];
            if (instruction.Code.FlowControl is FlowControl.Branch or FlowControl.Return or FlowControl.Throw)
                _stack = [];
        }
    }

    private static List<string> Merge(List<string> one, List<string> other) =>
        one.Count == other.Count ? [.. one.Zip(other, TypeNames.Either)] : [.. one.Count > other.Count ? one : other];

    private void Execute(Instruction instruction, string result)
    {
        var (code, name) = (instruction.Code, instruction.Code.Name!);
        if (code.FlowControl is FlowControl.Call)
            CallMethod(instruction.Operand, code == OpCodes.Newobj);
        else if (name.StartsWith("ldarg", StringComparison.Ordinal))
            Push(_parameters.ElementAtOrDefault(Index(instruction)) ?? "");
        else if (name.StartsWith("ldloc", StringComparison.Ordinal))
            Push(_locals.ElementAtOrDefault(Index(instruction)) ?? "");
        else if (name.StartsWith("starg", StringComparison.Ordinal))
            Convert(Pop(), _parameters.ElementAtOrDefault(Index(instruction)) ?? "");
        else if (name.StartsWith("stloc", StringComparison.Ordinal))
            Convert(Pop(), _locals.ElementAtOrDefault(Index(instruction)) ?? "");
        else
            ExecuteOther(instruction, result);
    }

    private void ExecuteOther(Instruction instruction, string result)
    {
        switch (instruction.Code.Name)
        {
            case "dup":
                Push(_stack.Count > 0 ? _stack[^1] : "");
                break;
            case "ldstr":
                Push("System.String");
                break;
            case "ldsfld" or "ldsflda":
                Push(Field(instruction.Operand));
                break;
            case "ldfld" or "ldflda":
                Pop();
                Push(Field(instruction.Operand));
                break;
            case "stfld":
                Convert(Pop(), Field(instruction.Operand));
                Pop();
                break;
            case "stsfld":
                Convert(Pop(), Field(instruction.Operand));
                break;
            case "box" or "castclass" or "isinst" or "unbox" or "unbox.any" or "ldobj":
                var type = Type(instruction.Operand);
                Convert(Pop(), type);
                Push(type);
                break;
            case "newarr":
                Pop();
                Push(Type(instruction.Operand) + "[]");
                break;
            case "ldelem" or "ldelema" or "ldelem.ref":
                Pop();
                Push(Pop() is var array && array.EndsWith("[]", StringComparison.Ordinal) ? array[..^2] : "");
                break;
            case "stelem" or "stelem.ref":
                var element = Pop();
                Pop();
                Convert(element, Pop() is var into && into.EndsWith("[]", StringComparison.Ordinal) ? into[..^2] : "");
                break;
            case "ldind.ref":
                break;
            case "stind.ref" or "stobj":
                var value = Pop();
                Convert(value, Pop());
                break;
            case "ret" when result != "System.Void":
                Convert(Pop(), result);
                break;
            default:
                for (var count = Pops(instruction.Code.StackBehaviourPop); count > 0; count--)
                    Pop();
                for (var count = Pushes(instruction.Code.StackBehaviourPush); count > 0; count--)
                    Push("");
                break;
        }
    }

    private void CallMethod(int token, bool creates)
    {
        var handle = (EntityHandle)MetadataTokens.Handle(token);
        ImmutableArray<string> arguments = [];
        if (handle.Kind is HandleKind.MethodSpecification)
        {
            var specification = _reader.GetMethodSpecification((MethodSpecificationHandle)handle);
            arguments = specification.DecodeSignature(TypeNames.Provider, default);
            handle = specification.Method;
        }

        if (handle.Kind is HandleKind.StandaloneSignature)
            Pop(); // a pointer to the function
        var (owner, name, signature) = Method(handle, arguments);
        var called = $"{owner}::{name}";
        // The first argument of a delegate's constructor is only the object whose method the delegate calls.
        var isDelegate = creates && signature.ParameterTypes is ["System.Object", "System.IntPtr"];
        foreach (var parameter in signature.ParameterTypes.Reverse())
            Convert(Pop(), isDelegate ? "" : parameter, called);
        var result = creates ? owner : signature.ReturnType;
        Calls.Add(new Call(_method, called, signature.Header.IsInstance && !creates ? Pop() : "", arguments, result));
        if (result != "System.Void")
            Push(result);
    }

    private (string Owner, string Name, MethodSignature<string> Signature) Method(EntityHandle handle, ImmutableArray<string> arguments)
    {
        if (handle.Kind is HandleKind.StandaloneSignature)
        {
            return ("", "", _reader.GetStandaloneSignature((StandaloneSignatureHandle)handle)
                .DecodeMethodSignature(TypeNames.Provider, default));
        }

        if (handle.Kind is HandleKind.MethodDefinition)
        {
            var definition = _reader.GetMethodDefinition((MethodDefinitionHandle)handle);
            return (TypeNames.Of(_reader, definition.GetDeclaringType(), default), _reader.GetString(definition.Name),
                definition.DecodeSignature(TypeNames.Provider, new TypeArguments([], arguments)));
        }

        var member = _reader.GetMemberReference((MemberReferenceHandle)handle);
        var owner = TypeNames.Of(_reader, member.Parent, default);
        return (owner, _reader.GetString(member.Name),
            member.DecodeMethodSignature(TypeNames.Provider, new TypeArguments(TypeNames.Arguments(owner), arguments)));
    }

    private string Field(int token)
    {
        var handle = (EntityHandle)MetadataTokens.Handle(token);
        if (handle.Kind is HandleKind.FieldDefinition)
            return _reader.GetFieldDefinition((FieldDefinitionHandle)handle).DecodeSignature(TypeNames.Provider, default);
        var member = _reader.GetMemberReference((MemberReferenceHandle)handle);
        var owner = TypeNames.Of(_reader, member.Parent, default);
        return member.DecodeFieldSignature(TypeNames.Provider, new TypeArguments(TypeNames.Arguments(owner), []));
    }

    private string Type(int token) => TypeNames.Of(_reader, (EntityHandle)MetadataTokens.Handle(token), default);

    private void Convert(string from, string to, string called = "")
    {
        if (from.Length > 0 && to.Length > 0 && from != to)
            Conversions.Add(new Conversion(_method, from, to, called));
    }

    private void Push(string type) => _stack.Add(type);

    private string Pop()
    {
        if (_stack.Count == 0)
            throw new InvalidOperationException($"the evaluation stack of {_method} was not followed correctly");
        var top = _stack[^1];
        _stack.RemoveAt(_stack.Count - 1);
        return top;
    }

    private static int Index(Instruction instruction) =>
        instruction.Code.OperandType is OperandType.InlineNone ? instruction.Code.Name![^1] - '0' : instruction.Operand;

    private static int Pops(StackBehaviour behaviour) => behaviour is StackBehaviour.Varpop ? 0
        : behaviour.ToString().Split('_').Count(part => part.StartsWith("pop", StringComparison.OrdinalIgnoreCase) && part != "Pop0");

    private static int Pushes(StackBehaviour behaviour) =>
        behaviour.ToString().Split('_').Count(part => part.StartsWith("push", StringComparison.OrdinalIgnoreCase) && part != "Push0");
}
