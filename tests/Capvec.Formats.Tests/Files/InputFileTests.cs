using System.Diagnostics;
using Capvec.Formats.Errors;
using Capvec.Formats.Files;
using Capvec.Formats.Gguf;
using Capvec.Formats.Numpy;
using Capvec.Formats.Safetensors;
using Capvec.Formats.Torch;

namespace Capvec.Formats.Tests.Files;

/// <summary>What is no file is refused before it is opened: a pipe that nobody writes into would be waited for, and /dev/zero never ends.</summary>
public sealed class InputFileTests : IDisposable
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(30);

    private readonly TemporaryFolder _folder = new();

    public static TheoryData<string> Readers { get; } = ["safetensors", "gguf", "torch", "npy", "npz", "json", "text", "bytes"];

    [Theory]
    [MemberData(nameof(Readers))]
    public async Task Pipes_devices_and_folders_are_refused_by_every_reader(string reader)
    {
        var pipe = _folder.File("pipe");
        using (var make = Process.Start("mkfifo", [pipe]))
            await make.WaitForExitAsync(TestContext.Current.CancellationToken);
        var (link, folder) = (_folder.File("link"), Directory.CreateDirectory(_folder.File("folder")).FullName);
        File.CreateSymbolicLink(link, "/dev/zero");
        foreach (var (path, kind) in new[] { (pipe, "a pipe"), (link, "a device"), (folder, "a folder") })
        {
            // On a thread of its own: one that waits in open() cannot be stopped.
            var refusal = Task.Factory.StartNew(() => Should.Throw<CapvecException>(() => Read(reader, path)).Message, TestContext.Current.CancellationToken, TaskCreationOptions.LongRunning, TaskScheduler.Default);
            (await refusal.WaitAsync(Soon, TestContext.Current.CancellationToken)).ShouldContain($"{path} is {kind}; a file was expected");
        }
    }

    [Fact]
    public void Missing_files_and_links_that_lead_nowhere_or_round_are_refused_in_a_line()
    {
        var (nowhere, round) = (_folder.File("nowhere"), _folder.File("round"));
        File.CreateSymbolicLink(nowhere, _folder.File("missing"));
        File.CreateSymbolicLink(round, round);
        Should.Throw<CapvecException>(() => InputFile.ReadBytes(nowhere)).Message.ShouldBe($"{nowhere} does not exist; check the name, or fetch the missing file.");
        Should.Throw<CapvecException>(() => InputFile.ReadBytes(round)).Message.ShouldStartWith($"cannot read {round}: ");
    }

    [Fact]
    public void Text_is_utf_8_with_or_without_a_byte_order_mark_and_nothing_else()
    {
        InputFile.ReadText(_folder.Write("plain", "grün"u8.ToArray())).ShouldBe("grün");
        InputFile.ReadText(_folder.Write("marked", [0xEF, 0xBB, 0xBF, .. "grün"u8])).ShouldBe("grün");
        InputFile.ReadText(_folder.Write("empty", "")).ShouldBe("");
        var long100 = new byte[200_001];
        long100.AsSpan().Fill((byte)'a');
        InputFile.ReadText(_folder.Write("long", long100)).Length.ShouldBe(200_001);
        Should.Throw<CapvecException>(() => InputFile.ReadText(_folder.Write("latin", [(byte)'a', 0xFC, (byte)'b']))).Message.ShouldContain("is not UTF-8 text (byte 1");
    }

    [Fact]
    public void A_file_that_is_far_too_large_is_refused_with_the_limit()
    {
        var path = _folder.File("sparse");
        using (var stream = File.Create(path))
            stream.SetLength((1L << 30) + 1);
        Should.Throw<CapvecException>(() => InputFile.ReadBytes(path)).Message.ShouldContain("has more than 1073741824 bytes");
    }

    public void Dispose() => _folder.Dispose();

    private static object Read(string reader, string path) => reader switch
    {
        "safetensors" => SafetensorsFile.Open(path),
        "gguf" => GgufFile.Open(path),
        "torch" => TorchFile.Load(path),
        "npy" => NpyFile.Load(path),
        "npz" => NpzFile.Open(path),
        "json" => JsonFile.ReadObject(path),
        "text" => InputFile.ReadText(path),
        _ => InputFile.ReadBytes(path),
    };
}
