using System.Numerics;
using System.Runtime.InteropServices;
using SharpFuzz.Common;

namespace SmmAgent.Fuzz.Engine;

/// <summary>
/// The branches that an input took, in assemblies that SharpFuzz instrumented. Without instrumentation no input is ever new.
/// </summary>
internal sealed unsafe class Coverage
{
    private const int Size = 1 << 16;

    private readonly byte[] _seen = new byte[Size];

    private Coverage() => Trace.SharedMem = (byte*)NativeMemory.AllocZeroed(Size);

    /// <summary>The one of this process: instrumented code writes to a static field, which must be set before it runs.</summary>
    public static Coverage Instance { get; } = new();

    /// <summary>How many branches were seen.</summary>
    public int Branches => _seen.Count(bits => bits != 0);

    public void Begin()
    {
        Trace.PrevLocation = 0;
        new Span<byte>(Trace.SharedMem, Size).Clear();
    }

    /// <summary>Whether the input since <see cref="Begin"/> took a branch, or took it more often than any before.</summary>
    public bool IsNew()
    {
        var isNew = false;
        var words = new ReadOnlySpan<ulong>(Trace.SharedMem, Size / sizeof(ulong));
        for (var word = 0; word < words.Length; word++)
        {
            if (words[word] == 0)
                continue;

            for (var at = word * sizeof(ulong); at < (word + 1) * sizeof(ulong); at++)
            {
                var hits = Trace.SharedMem[at];
                if (hits == 0)
                    continue;
                // 1, 2, 3, 4-7, 8-15 and so on: one bit each.
                var bit = (byte)(1 << (hits < 4 ? hits - 1 : Math.Min(BitOperations.Log2(hits) + 1, 7)));
                isNew |= (_seen[at] & bit) == 0;
                _seen[at] |= bit;
            }
        }

        return isNew;
    }

    public void Forget() => Array.Clear(_seen);
}
