using System.Buffers.Binary;
using System.Diagnostics;
using System.IO.Compression;
using System.Runtime.InteropServices;
using Capvec.Formats.Tests.Files;
using Capvec.Formats.Torch;
using Capvec.Tests;
using FsCheck;
using FsCheck.Fluent;

namespace Capvec.Formats.Tests.Torch;

public sealed class TorchWriterTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void The_pickle_and_the_storages_are_byte_for_byte_what_torch_save_writes_for_the_same_dictionary()
    {
        var fixture = Repository.File("tests", "fixtures", "torch", "memo300.pt"); // 300 float32 vectors under 0..299
        var vectors = ((TorchDictionary)TorchFile.Load(fixture).Root!).Select(p => KeyValuePair.Create((int)(long)p.Key, ((TorchTensor)p.Value!).ToFloat32())).ToList();
        vectors.Count.ShouldBe(300);
        var path = _folder.File("ours.pt");
        TorchWriter.Write(path, vectors);
        var (theirs, ours) = (Entries(fixture), Entries(path));
        ours.Keys.ShouldBe(theirs.Keys);
        foreach (var name in theirs.Keys.Where(n => n != ".data/serialization_id"))
            ours[name].SequenceEqual(theirs[name]).ShouldBeTrue(name);
        ours[".data/serialization_id"].Length.ShouldBe(theirs[".data/serialization_id"].Length);
    }

    [Fact]
    public void Entries_are_stored_begin_at_multiples_of_64_and_have_checksums()
    {
        var path = _folder.File("x.pt");
        TorchWriter.Write(path, [KeyValuePair.Create(3, new float[] { 1, 2, 3 }), KeyValuePair.Create(70_000, new float[5])]);
        var bytes = File.ReadAllBytes(path);
        using var zip = ZipFile.OpenRead(path);
        var at = 0;
        foreach (var entry in zip.Entries)
        {
            bytes.AsSpan(at, 4).SequenceEqual("PK\x03\x04"u8).ShouldBeTrue();
            BinaryPrimitives.ReadUInt16LittleEndian(bytes.AsSpan(at + 8)).ShouldBe((ushort)0);
            at += 30 + BinaryPrimitives.ReadUInt16LittleEndian(bytes.AsSpan(at + 26)) + BinaryPrimitives.ReadUInt16LittleEndian(bytes.AsSpan(at + 28));
            (at % 64).ShouldBe(0, entry.FullName);
            var data = bytes.AsSpan(at, (int)entry.Length);
            System.IO.Hashing.Crc32.HashToUInt32(data).ShouldBe(entry.Crc32);
            at += data.Length;
        }
    }

    [Fact]
    public void The_same_vectors_give_the_same_bytes_under_any_name_and_other_vectors_another_id()
    {
        TorchWriter.Write(_folder.File("a.pt"), [KeyValuePair.Create(0, new float[] { 1, 2 })]);
        TorchWriter.Write(_folder.File("b.pt"), [KeyValuePair.Create(0, new float[] { 1, 2 })]);
        TorchWriter.Write(_folder.File("c.pt"), [KeyValuePair.Create(0, new float[] { 1, 3 })]);
        File.ReadAllBytes(_folder.File("a.pt")).ShouldBe(File.ReadAllBytes(_folder.File("b.pt")));
        Entries(_folder.File("a.pt"))[".data/serialization_id"].ShouldNotBe(Entries(_folder.File("c.pt"))[".data/serialization_id"]);
    }

    [Fact]
    public void What_is_written_is_read_back_bit_for_bit() => Prop.ForAll(ArbMap.Default.ArbFor<Dictionary<int, float[]>>(), vectors =>
    {
        var path = _folder.File("x.pt");
        TorchWriter.Write(path, [.. vectors]);
        var root = (TorchDictionary)TorchFile.Load(path).Root!;
        return root.Count == vectors.Count && root.Zip(vectors).All(x =>
            (long)x.First.Key == x.Second.Key && MemoryMarshal.AsBytes<float>(((TorchTensor)x.First.Value!).ToFloat32()).SequenceEqual(MemoryMarshal.AsBytes<float>(x.Second.Value)));
    }).QuickCheckThrowOnFailure();

    [Fact]
    public void Pythons_own_unpickler_and_zip_reader_see_the_same_vectors()
    {
        var path = _folder.File("x.pt");
        TorchWriter.Write(path, [KeyValuePair.Create(0, new[] { 1.5f, -2 }), KeyValuePair.Create(-7, new[] { 0.1f }), KeyValuePair.Create(300, Array.Empty<float>())]);
        var script = _folder.Write("read.py", """
            import pickle, struct, sys, zipfile
            z = zipfile.ZipFile(sys.argv[1])
            assert z.testzip() is None
            class Reader(pickle.Unpickler):
                def find_class(self, module, name):
                    if (module, name) == ("torch._utils", "_rebuild_tensor_v2"):
                        return lambda s, offset, size, stride, grad, hooks: [round(x, 6) for x in s[offset:offset + size[0] * stride[0]]]
                    return super().find_class(module, name) if module == "collections" else name
                def persistent_load(self, pid):
                    kind, cls, key, where, n = pid
                    assert (kind, cls, where) == ("storage", "FloatStorage", "cpu")
                    return struct.unpack("<%df" % n, z.read("archive/data/" + key))
            print(Reader(z.open("archive/data.pkl")).load())
            """);
        Process? python;
        try
        {
            python = Process.Start(new ProcessStartInfo("python3", [script, path]) { RedirectStandardOutput = true });
        }
        catch (System.ComponentModel.Win32Exception)
        {
            Assert.Skip("python3 is not on this machine");
            return;
        }

        python!.StandardOutput.ReadToEnd().Trim().ShouldBe("{0: [1.5, -2.0], -7: [0.1], 300: []}");
    }

    private static Dictionary<string, byte[]> Entries(string path)
    {
        using var zip = ZipFile.OpenRead(path);
        return zip.Entries.ToDictionary(e => e.FullName[(e.FullName.IndexOf('/') + 1)..], e =>
        {
            using var stream = e.Open();
            var bytes = new byte[e.Length];
            stream.ReadExactly(bytes);
            return bytes;
        });
    }
}
