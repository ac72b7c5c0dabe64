using System.Runtime.Intrinsics.X86;
using Capvec.Numerics.Kernels.Emitted;

namespace Capvec.Numerics.Kernels;

/// <summary>Chooses a <see cref="KernelPath"/>.</summary>
public static class KernelPaths
{
    /// <summary>Environment variable that overrides the choice: vnni, avx512, avx2 or portable.</summary>
    public const string Variable = "CAPVEC_KERNELS";

    /// <summary>The paths that this machine can run, the fastest first.</summary>
    public static IReadOnlyList<KernelPath> Supported { get; } = Enum.GetValues<KernelPath>().Where(IsSupported).ToArray();

    /// <summary>The fastest path of this machine, or the one that <see cref="Variable"/> names.</summary>
    public static KernelPath Default { get; } = Choose();

    /// <summary>Whether this machine can run a path.</summary>
    public static bool IsSupported(KernelPath path) => path switch
    {
        KernelPath.Vnni => VnniKernels.IsSupported,
        KernelPath.Avx512 => Avx512F.IsSupported,
        KernelPath.Avx2 => Avx2.IsSupported && Fma.IsSupported,
        _ => path == KernelPath.Portable,
    };

    private static KernelPath Choose()
    {
        var wanted = Environment.GetEnvironmentVariable(Variable);
        if (Enum.TryParse<KernelPath>(wanted, ignoreCase: true, out var path) && IsSupported(path))
            return path;
        return Supported[0];
    }
}
