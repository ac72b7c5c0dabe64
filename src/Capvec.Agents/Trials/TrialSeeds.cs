using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Capvec.Numerics.Randomness;

namespace Capvec.Agents.Trials;

/// <summary>Seeds of trials and of their turns. A trial's seed does not depend on the arm, so that arms are paired.</summary>
public static class TrialSeeds
{
    /// <summary>
    /// The seed of one attempt at one task: the first eight bytes, little-endian, of the SHA-256 over the study's seed (8 bytes,
    /// little-endian), the attempt (4 bytes, little-endian) and the task's name in UTF-8.
    /// </summary>
    public static ulong OfTrial(ulong study, string task, int attempt)
    {
        var bytes = new byte[12 + Encoding.UTF8.GetByteCount(task)];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, study);
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(8), attempt);
        Encoding.UTF8.GetBytes(task, bytes.AsSpan(12));
        return BinaryPrimitives.ReadUInt64LittleEndian(SHA256.HashData(bytes));
    }

    /// <summary>
    /// The seed of a 0-based turn: output <c>turn + 1</c> of the SplitMix64 generator that starts at the trial's seed
    /// (Steele, Lea, Flood 2014, "Fast splittable pseudorandom number generators").
    /// </summary>
    public static ulong OfTurn(ulong trial, int turn) => SplitMix64.At(trial, (ulong)turn);
}
