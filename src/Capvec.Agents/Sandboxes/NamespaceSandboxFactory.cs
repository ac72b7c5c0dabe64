using System.Diagnostics;
using System.Runtime.CompilerServices;
using Capvec.Agents.Sandboxes.Namespaces;
using Capvec.Agents.Tasks;
using Capvec.Formats.Errors;

namespace Capvec.Agents.Sandboxes;

/// <summary>Makes sandboxes out of Linux namespaces, with the tools of a plain Debian; as root and as an ordinary user. Thread-safe.</summary>
public sealed class NamespaceSandboxFactory : ISandboxFactory
{
    private readonly HostSystem _host;
    private readonly NamespaceSandboxOptions _options;
    private readonly ConditionalWeakTable<HarborTask, BoxImage> _images = [];

    private NamespaceSandboxFactory(HostSystem host, NamespaceSandboxOptions options) => (_host, _options) = (host, options);

    /// <inheritdoc/>
    public string Name => "namespaces";

    /// <summary>Checks that this machine can make sandboxes, by making namespaces once.</summary>
    /// <param name="options">Limits, or null for the usual ones.</param>
    /// <exception cref="CapvecException">A tool is missing, or the system forbids user namespaces; the message says which setting does.</exception>
    public static NamespaceSandboxFactory Create(NamespaceSandboxOptions? options = null)
    {
        var host = HostSystem.Discover();
        return new(host with { IgnoresSignals = Probe(host) }, options ?? new());
    }

    /// <inheritdoc/>
    public async Task<ISandbox> CreateAsync(HarborTask task, CancellationToken cancellation = default)
    {
        cancellation.ThrowIfCancellationRequested();
        var memory = task.Config.MemoryMb ?? _options.DefaultMemoryMb;
        var storage = Math.Min(task.Config.StorageMb ?? _options.DefaultStorageMb, _options.MostStorageMb);
        var image = _images.GetValue(task, t => BoxImageBuilder.Build(t, NamespaceSandbox.Variables, storage));
        return await NamespaceSandbox.CreateAsync(task, image, _host, _options, memory, storage, cancellation).ConfigureAwait(false);
    }

    /// <summary>Makes namespaces once; says whether signals are ignored in what is started from here.</summary>
    private static bool Probe(HostSystem host)
    {
        using var process = Process.Start(Keeper.Launch(host, BoxUser.Next(), "trap"))!;
        process.StandardInput.Close();

        // A process that is disposed leaves streams open that were read directly.
        using var output = process.StandardOutput;
        using var error = process.StandardError;
        var ignored = output.ReadToEnd();
        var said = error.ReadToEnd().Trim();
        process.WaitForExit();
        return process.ExitCode == 0
            ? ignored.Length > 0
            : throw new CapvecException($"the namespace sandbox cannot be used here: {(said.Length > 0 ? said : $"unshare ended with status {process.ExitCode}")}. {Advice()}");
    }

    private static string Advice()
    {
        (string File, string Forbids, string Cure)[] settings =
        [
            ("/proc/sys/kernel/unprivileged_userns_clone", "0", "sysctl kernel.unprivileged_userns_clone=1"),
            ("/proc/sys/user/max_user_namespaces", "0", "sysctl user.max_user_namespaces=10000"),
            ("/proc/sys/kernel/apparmor_restrict_unprivileged_userns", "1", "sysctl kernel.apparmor_restrict_unprivileged_userns=0"),
        ];
        foreach (var (file, forbids, cure) in settings)
        {
            if (File.Exists(file) && File.ReadAllText(file).Trim() == forbids)
                return $"{file} is {forbids}, which forbids user namespaces; as root run '{cure}', or use the container sandbox.";
        }

        return "User namespaces seem to be forbidden (in a container, by its seccomp profile); allow them, or use the container sandbox.";
    }
}
