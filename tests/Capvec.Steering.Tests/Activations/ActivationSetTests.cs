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
