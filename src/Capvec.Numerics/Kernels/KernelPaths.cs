using System.Runtime.Intrinsics.X86;

namespace Capvec.Numerics.Kernels;

/// <summary>Chooses a <see cref="KernelPath"/>.</summary>
public static class KernelPaths
{
    /// <summary>Environment variable that overrides the choice: avx512, avx2 or portable.</summary>
    public const string Variable = "CAPVEC_KERNELS";

    /// <summary>The fastest path of this machine, or the one that <see cref="Variable"/> names.</summary>
    public static KernelPath Default { get; } = Choose();

    /// <summary>The paths that this machine can run.</summary>
    public static IReadOnlyList<KernelPath> Supported { get; } = Enum.GetValues<KernelPath>().Where(IsSupported).ToArray();

    /// <summary>Whether this machine can run a path.</summary>
    public static bool IsSupported(KernelPath path) => path switch
    {
        KernelPath.Avx512 => Avx512F.IsSupported,
        KernelPath.Avx2 => Avx2.IsSupported && Fma.IsSupported,
        _ => true,
    };

    private static KernelPath Choose()
    {
        var wanted = Environment.GetEnvironmentVariable(Variable);
        if (Enum.TryParse<KernelPath>(wanted, ignoreCase: true, out var path) && IsSupported(path))
            return path;
        return IsSupported(KernelPath.Avx512) ? KernelPath.Avx512 : IsSupported(KernelPath.Avx2) ? KernelPath.Avx2 : KernelPath.Portable;
    }
}
