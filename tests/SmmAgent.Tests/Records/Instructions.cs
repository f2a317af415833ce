using System.Collections.Immutable;
using System.Reflection;
using System.Reflection.Emit;
using System.Reflection.Metadata;

namespace SmmAgent.Tests.Records;

/// <summary>An instruction of IL. The operand is a token, an index, or the offset of the target of a branch.</summary>
internal readonly record struct Instruction(OpCode Code, int Offset, int Operand, ImmutableArray<int> Targets)
{
    private static readonly Dictionary<short, OpCode> Codes = typeof(OpCodes).GetFields(BindingFlags.Public | BindingFlags.Static)
        .Select(field => (OpCode)field.GetValue(null)!).ToDictionary(code => code.Value);

    public static IEnumerable<Instruction> Read(BlobReader il)
    {
        List<Instruction> instructions = [];
        while (il.RemainingBytes > 0)
        {
            var offset = il.Offset;
            var first = il.ReadByte();
            var code = Codes[first == 0xFE ? (short)(0xFE00 | il.ReadByte()) : first];
            var operand = 0;
            ImmutableArray<int> targets = [];
            switch (code.OperandType)
            {
                case OperandType.InlineNone:
                    break;
                case OperandType.ShortInlineBrTarget:
                    operand = il.ReadSByte();
                    targets = [il.Offset + operand];
                    break;
                case OperandType.InlineBrTarget:
                    operand = il.ReadInt32();
                    targets = [il.Offset + operand];
                    break;
                case OperandType.InlineSwitch:
                    int[] distances = [.. Enumerable.Range(0, il.ReadInt32()).ToArray()];
                    for (var at = 0; at < distances.Length; at++)
                        distances[at] = il.ReadInt32();
                    targets = [.. distances.Select(distance => distance + il.Offset)];
                    break;
                case OperandType.ShortInlineI or OperandType.ShortInlineVar:
                    operand = il.ReadByte();
                    break;
                case OperandType.InlineVar:
                    operand = il.ReadUInt16();
                    break;
                case OperandType.InlineI8 or OperandType.InlineR:
                    _ = il.ReadInt64();
                    break;
                default:
                    operand = il.ReadInt32();
                    break;
            }

            instructions.Add(new Instruction(code, offset, operand, targets));
        }

        return instructions;
    }
}
