using Capvec.Formats.Errors;
using Capvec.Formats.Safetensors;
using Capvec.Steering.Activations;
using Capvec.Steering.Tests.Data;

namespace Capvec.Steering.Tests.Activations;

public sealed class ActivationSetTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_saved_set_comes_back_bit_for_bit()
    {
        var path = _folder.File("activations.safetensors");
        var set = new ActivationSet([1, 2, 3, 4, 5, 6, 7, 8], [new("a \"1\"", "tâche", true), new("b", "other", false)], [7, 2], 2) { ModelHash = "m", Positions = "mean", Contrast = "c" };
        set.Save(path);
        var back = ActivationSet.Load(path);
        back.Traces.ShouldBe(set.Traces);
        back.Layers.ShouldBe(set.Layers);
        (back.ModelHash, back.Positions, back.Contrast).ShouldBe(("m", "mean", "c"));
        back.Row(1, back.IndexOf(2)).ToArray().ShouldBe([7f, 8]);
        back.Where(t => t.Group == "other").Row(0, 0).ToArray().ShouldBe([5f, 6]);
        Should.Throw<CapvecException>(() => back.IndexOf(3)).Message.ShouldContain("captured are 2, 7");
    }

    [Fact]
    public void A_few_traces_of_each_label_are_drawn_by_seed()
    {
        var set = Noise.Make(1, 20, 30);
        var few = set.Taken(5, 12, 3);
        few.Labels.Count(l => l).ShouldBe(5);
        few.Traces.Length.ShouldBe(17);
        foreach (var (i, trace) in few.Traces.Index())
            few.Row(i, 0).ToArray().ShouldBe(set.Row(set.Traces.IndexOf(trace), 0).ToArray());
        few.Contrast.ShouldBe("5 of 20 positives and 12 of 30 negatives, drawn with seed 3, of: unknown");
        set.Taken(5, 12, 3).Traces.ShouldBe(few.Traces);
        set.Taken(5, 12, 4).Traces.ShouldNotBe(few.Traces);
        // Over many draws every trace has its turn, about as often as the others of its side.
        var times = Enumerable.Range(0, 400).SelectMany(seed => set.Taken(5, 12, (ulong)seed).Traces).CountBy(t => t.Id).ToDictionary();
        set.Traces.ShouldAllBe(t => Math.Abs(times[t.Id] - (t.IsPositive ? 100 : 160)) < 50);
        Should.Throw<CapvecException>(() => set.Taken(21, 1, 0)).Message.ShouldContain("21 positives and 1 negatives cannot be taken of 20 and 30");
    }

    [Fact]
    public void Sizes_that_do_not_fit_and_numbers_that_are_none_are_refused_by_name()
    {
        Should.Throw<CapvecException>(() => new ActivationSet([1, 2], [new("a", "g", true)], [0], 3)).Message.ShouldContain("2 activations are not 1 traces x 1 layers x 3");
        Should.Throw<CapvecException>(() => new ActivationSet([1, 2, 3, float.NaN], [new("a", "g", true), new("b", "g", true)], [5], 2)).Message.ShouldContain("trace 'b' at layer 5 is NaN");
        Should.Throw<CapvecException>(() => new ActivationSet([1, 2], [new("a", "g", true)], [5, 5], 1)).Message.ShouldContain("different layers");
    }

    [Fact]
    public void Files_of_another_kind_or_with_parts_that_do_not_fit_are_refused()
    {
        var path = _folder.File("x.safetensors");
        new SafetensorsWriter().Add("activations", [1], new float[1]).Write(path);
        Should.Throw<CapvecException>(() => ActivationSet.Load(path)).Message.ShouldContain("is not an activation file");
        new SafetensorsWriter { Metadata = { ["format"] = ActivationSet.Format, ["ids"] = "[\"a\",\"b\"]", ["groups"] = "[\"a\"]" } }
            .Add("activations", [1, 1, 1], new float[1]).AddInt64("labels", [1], new long[1]).AddInt64("layers", [1], new long[1]).Write(path);
        Should.Throw<CapvecException>(() => ActivationSet.Load(path)).Message.ShouldContain("do not fit 1 labels, 2 ids");
    }
}
