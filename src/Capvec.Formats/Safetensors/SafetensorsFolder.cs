using Capvec.Formats.Errors;

namespace Capvec.Formats.Safetensors;

/// <summary>
/// The weights of a model folder: the shards that <c>model.safetensors.index.json</c> names, or the single <c>model.safetensors</c>.
/// The index decides: a tensor that it does not list is not seen, and one that it lists must be where it says.
/// </summary>
public sealed class SafetensorsFolder : IDisposable
{
    private readonly Dictionary<string, SafetensorsFile> _fileOf;
    private readonly List<SafetensorsFile> _files;

    private SafetensorsFolder(string path, List<SafetensorsFile> files, Dictionary<string, SafetensorsFile> fileOf)
    {
        Path = path;
        _files = files;
        _fileOf = fileOf;
        Tensors = fileOf.ToDictionary(pair => pair.Key, pair => pair.Value.Tensors[pair.Key], StringComparer.Ordinal);
    }

    /// <summary>The folder.</summary>
    public string Path { get; }

    /// <summary>All tensors over the shards, by name.</summary>
    public IReadOnlyDictionary<string, SafetensorsTensor> Tensors { get; }

    /// <summary>The files read from, sorted by name; what a hash of the model has to cover.</summary>
    public IReadOnlyList<string> Files => [.. _files.Select(f => f.Path)];

    /// <summary>Opens the weights of a model folder.</summary>
    /// <exception cref="CapvecException">There are no safetensors, a shard is missing or broken, or a tensor is not where the index says.</exception>
    public static SafetensorsFolder Open(string folder)
    {
        if (!Directory.Exists(folder))
            throw new CapvecException($"{folder} is not a folder; give a model folder with config.json and model.safetensors.");
        var indexPath = System.IO.Path.Combine(folder, SafetensorsIndex.FileName);
        var singlePath = System.IO.Path.Combine(folder, "model.safetensors");
        var files = new List<SafetensorsFile>();
        try
        {
            var fileOf = new Dictionary<string, SafetensorsFile>(StringComparer.Ordinal);
            if (File.Exists(indexPath))
                OpenShards(folder, SafetensorsIndex.Load(indexPath), files, fileOf);
            else if (File.Exists(singlePath))
            {
                files.Add(SafetensorsFile.Open(singlePath));
                foreach (var name in files[0].Tensors.Keys)
                    fileOf.Add(name, files[0]);
            }
            else
                throw new CapvecException($"{folder} has neither {SafetensorsIndex.FileName} nor model.safetensors; convert or download the weights as safetensors.");
            return new SafetensorsFolder(folder, files, fileOf);
        }
        catch
        {
            foreach (var file in files)
                file.Dispose();
            throw;
        }
    }

    /// <summary>A tensor's description.</summary>
    /// <exception cref="CapvecException">There is none of this name.</exception>
    public SafetensorsTensor Find(string name) => FileOf(name).Find(name);

    /// <summary>Reads a whole float tensor as float32; see <see cref="SafetensorsFile.ReadFloat32(string)"/>.</summary>
    /// <exception cref="CapvecException">No such tensor, another type, or the file cannot be read.</exception>
    public float[] ReadFloat32(string name) => FileOf(name).ReadFloat32(name);

    /// <summary>Reads a part of a float tensor as float32; see <see cref="SafetensorsFile.ReadFloat32(string, long, Span{float})"/>.</summary>
    /// <exception cref="CapvecException">No such tensor, another type, or the file cannot be read.</exception>
    public void ReadFloat32(string name, long start, Span<float> destination) => FileOf(name).ReadFloat32(name, start, destination);

    /// <summary>Reads a whole integer tensor as int64.</summary>
    /// <exception cref="CapvecException">No such tensor, another type, or the file cannot be read.</exception>
    public long[] ReadInt64(string name) => FileOf(name).ReadInt64(name);

    /// <summary>Reads raw bytes of a tensor; see <see cref="SafetensorsFile.ReadRaw"/>.</summary>
    /// <exception cref="CapvecException">No such tensor, or the file cannot be read.</exception>
    public void ReadRaw(string name, Span<byte> destination, long start = 0) => FileOf(name).ReadRaw(name, destination, start);

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var file in _files)
            file.Dispose();
    }

    private static void OpenShards(string folder, SafetensorsIndex index, List<SafetensorsFile> files, Dictionary<string, SafetensorsFile> fileOf)
    {
        foreach (var shard in index.WeightMap.GroupBy(pair => pair.Value, StringComparer.Ordinal).OrderBy(g => g.Key, StringComparer.Ordinal))
        {
            var path = System.IO.Path.Combine(folder, shard.Key);
            if (!File.Exists(path))
                throw new CapvecException($"{path} is missing: {index.Path} says that it holds {shard.Count()} tensors, '{shard.First().Key}' among them; download it.");
            var file = SafetensorsFile.Open(path);
            files.Add(file);
            foreach (var (name, _) in shard)
            {
                if (!file.Tensors.ContainsKey(name))
                    throw new CapvecException($"{path} has no tensor '{name}', though {index.Path} says so; index and shards are of different downloads, fetch both again.");
                fileOf.Add(name, file);
            }
        }
    }

    private SafetensorsFile FileOf(string name) => _fileOf.TryGetValue(name, out var file)
        ? file
        : throw new CapvecException($"the weights in {Path} have no tensor '{name}'; the download is incomplete or the model is of another architecture.");
}
