using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Capvec.Formats.Errors;

namespace Capvec.Engine.Interventions;

/// <summary>
/// The steering of one sequence: interventions that are applied in list order at each site. Immutable; two plans that do the same
/// thing to every row have the same fingerprint when they are written the same way.
/// </summary>
public sealed class SteeringPlan
{
    /// <summary>No steering.</summary>
    public static readonly SteeringPlan None = new([]);

    /// <summary>Makes a plan from interventions in the order in which they act.</summary>
    public SteeringPlan(ImmutableArray<Intervention> interventions)
    {
        Interventions = interventions;
        Gates = [.. interventions.Select(i => i.Gate).OfType<SteeringGate>().Distinct()];
        Fingerprint = interventions.IsEmpty ? "none" : Hash(interventions);
    }

    /// <summary>What acts, in order.</summary>
    public ImmutableArray<Intervention> Interventions { get; }

    /// <summary>The conditions of its interventions, each once, in the order in which they are met first.</summary>
    public ImmutableArray<SteeringGate> Gates { get; }

    /// <summary>"none", or 16 hexadecimal digits of the SHA-256 over every number of the plan.</summary>
    public string Fingerprint { get; }

    /// <summary>Whether nothing acts.</summary>
    public bool IsEmpty => Interventions.IsEmpty;

    /// <summary>Adds <paramref name="alpha"/> times a direction [hidden] to the output of one block.</summary>
    public static SteeringPlan Add(int layer, ReadOnlySpan<float> direction, float alpha, SteeringMask? where = null) =>
        new([new Intervention(SteeringOperation.Add, layer, direction, alpha, where)]);

    /// <summary>What acts on a sequence once its gates are decided: a plan without gates, the same as one written without them.</summary>
    /// <param name="decisions">One for each of <see cref="Gates"/>.</param>
    /// <exception cref="CapvecException">A gate of the plan is not among them.</exception>
    public SteeringPlan After(IReadOnlyList<GateDecision> decisions)
    {
        if (Gates.IsEmpty)
            return this;
        if (Gates.FirstOrDefault(gate => !decisions.Any(d => gate.Equals(d.Gate))) is { } open)
            throw new CapvecException($"the gate \"{open}\" is not decided; give a decision for each gate of the plan.");
        ImmutableArray<Intervention> acting = [.. Interventions.Where(i => i.Gate is null || decisions.First(d => i.Gate.Equals(d.Gate)).IsOpen).Select(i => i.Gate is null ? i : i.Ungated())];
        return acting.IsEmpty ? None : new SteeringPlan(acting);
    }

    private static string Hash(ImmutableArray<Intervention> interventions)
    {
        using var sha = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Span<byte> head = stackalloc byte[32];
        foreach (var i in interventions)
        {
            BinaryPrimitives.WriteInt32LittleEndian(head, (int)i.Operation);
            BinaryPrimitives.WriteInt32LittleEndian(head[4..], (int)i.Site);
            BinaryPrimitives.WriteInt32LittleEndian(head[8..], i.Layer);
            BinaryPrimitives.WriteSingleLittleEndian(head[12..], i.Strength);
            BinaryPrimitives.WriteInt32LittleEndian(head[16..], (i.Where.Prompt ? 1 : 0) | (i.Where.Generated ? 2 : 0));
            BinaryPrimitives.WriteInt32LittleEndian(head[20..], i.Where.From);
            BinaryPrimitives.WriteInt32LittleEndian(head[24..], i.Where.To);
            BinaryPrimitives.WriteInt32LittleEndian(head[28..], i.Direction.Length);
            sha.AppendData(head);
            sha.AppendData(MemoryMarshal.AsBytes(i.Direction));
            // Only what is there, so that plans without ranges and schedules keep the fingerprints of older records.
            if (i.Operation == SteeringOperation.Clamp)
            {
                BinaryPrimitives.WriteSingleLittleEndian(head, i.Range.Low);
                BinaryPrimitives.WriteSingleLittleEndian(head[4..], i.Range.High);
                sha.AppendData(head[..8]);
            }

            if (i.Schedule != SteeringSchedule.Always)
            {
                BinaryPrimitives.WriteInt32LittleEndian(head, i.Schedule.From);
                BinaryPrimitives.WriteInt32LittleEndian(head[4..], i.Schedule.To);
                BinaryPrimitives.WriteInt32LittleEndian(head[8..], i.Schedule.Every);
                BinaryPrimitives.WriteDoubleLittleEndian(head[16..], i.Schedule.HalfLife);
                head[12..16].Fill((byte)'s');
                sha.AppendData(head[..24]);
            }

            if (i.Gate is { } gate)
            {
                // Begins as no operation and no range does, and holds no schedule's mark.
                head[..16].Fill((byte)'g');
                sha.AppendData(head[..16]);
                sha.AppendData(gate.Digest);
            }
        }

        return Convert.ToHexStringLower(sha.GetHashAndReset())[..16];
    }
}
