using Capvec.Agents.Sandboxes.Dockerfiles;
using Capvec.Formats.Errors;
using FsCheck;
using FsCheck.Fluent;

namespace Capvec.Agents.Tests.Sandboxes;

public class DockerfileReaderTests
{
    private static readonly Dictionary<string, string> Inherited = new() { ["PATH"] = "/usr/bin:/bin" };

    [Fact]
    public void Lines_are_joined_comments_left_out_and_variables_filled_in()
    {
        var file = Parse("""
            # syntax=docker/dockerfile:1

            from debian:12 as base
            ENV A=1 B="two words" C='$A' \
                E=back\ slash PATH=/opt/bin:$PATH
            ENV A=2 D=$A-${B}
            WORKDIR /a/./b/../c
            WORKDIR $A
            COPY --chmod=0644 x* y/z ${C}/
            RUN echo $HOME && \
              # left out

              echo done
            RUN ["echo", "it's"]
            """);

        file.BaseImage.ShouldBe("debian:12");
        file.WorkingDirectory.ShouldBe("/a/c/2");
        file.Environment.ShouldBe(new Dictionary<string, string> { ["A"] = "2", ["B"] = "two words", ["C"] = "$A", ["D"] = "1-two words", ["E"] = "back slash", ["PATH"] = "/opt/bin:/usr/bin:/bin" }, ignoreOrder: true);
        file.Steps.OfType<FolderStep>().Select(s => s.Folder).ShouldBe(["/app", "/a/c", "/a/c/2"]);
        var copy = file.Steps.OfType<CopyStep>().Single();
        (copy.Line, copy.Destination, copy.IntoFolder, (int?)copy.Mode).ShouldBe((9, "/a/c/2/$A", true, 420));
        copy.Sources.ShouldBe(["x*", "y/z"]);
        file.Steps.OfType<RunStep>().Select(s => s.Command).ShouldBe(["echo $HOME &&   echo done", "exec 'echo' 'it'\\''s'"]);
    }

    [Theory]
    [InlineData("", "has no FROM")]
    [InlineData("RUN x", "line 1, RUN: the first instruction is not FROM")]
    [InlineData("ARG V=1\nFROM x", "line 1, ARG: the first instruction is not FROM")]
    [InlineData("FROM a\nFROM b", "line 2, FROM: a second FROM (several stages) needs the container sandbox")]
    [InlineData("FROM --platform=linux/amd64 a", "line 1, FROM: the flag --platform=linux/amd64 needs the container sandbox")]
    [InlineData("FROM a b", "line 1, FROM: expected 'FROM image'")]
    [InlineData("FROM a\n\n# c\nUSER me", "line 4, USER: the instruction USER needs the container sandbox")]
    [InlineData("FROM a\nADD http://x /y", "line 2, ADD: the instruction ADD needs")]
    [InlineData("FROM a\nCMD [\"x\"]", "line 2, CMD")]
    [InlineData("FROM a\nCOPY --from=b x y", "line 2, COPY: the flag --from=b needs")]
    [InlineData("FROM a\nCOPY --chmod=u+x x y", "line 2, COPY: the flag --chmod=u+x needs")]
    [InlineData("FROM a\nCOPY x", "line 2, COPY: expected at least one source and a destination")]
    [InlineData("FROM a\nCOPY x y z", "several sources need a folder")]
    [InlineData("FROM a\nRUN --mount=type=cache x", "line 2, RUN: the flag --mount=type=cache needs")]
    [InlineData("FROM a\nRUN cat <<EOF\nx\nEOF", "line 2, RUN: a here-document needs")]
    [InlineData("FROM a\nENV X", "line 2, ENV: '' is no variable")]
    [InlineData("FROM a\nENV 1X=2", "'1X' is no variable")]
    [InlineData("FROM a\nENV X=${Y:-z}", "only $NAME and ${NAME} are supported")]
    [InlineData("FROM a\nENV X=\"y", "the quote \" is never closed")]
    [InlineData("FROM a\nWORKDIR", "line 2, WORKDIR: nothing follows")]
    [InlineData("# escape=`\nFROM a", "another escape character")]
    public void What_is_not_in_the_subset_is_told_with_its_line(string text, string message) => Should.Throw<CapvecException>(() => Parse(text)).Message.ShouldContain(message);

    [Fact]
    public void Any_text_is_read_or_refused()
    {
        var pieces = Gen.Elements("FROM a\n", "RUN ", "COPY ", "ENV ", "WORKDIR ", "x", " ", "\n", "\\\n", "\\", "\"", "'", "$", "${", "}", "=", "[", "]", "--chmod=7", "--", "#", "/", "..", "\0", "é", "\r\n", "<<E", ",");
        var texts = Gen.Choose(0, 20).SelectMany(n => pieces.ArrayOf(n)).Select(p => "FROM x\n" + string.Concat(p));

        Prop.ForAll(Arb.From(texts), text =>
        {
            try
            {
                Parse(text).Steps.OfType<CopyStep>().All(s => s.Destination.StartsWith('/')).ShouldBeTrue();
                return true;
            }
            catch (CapvecException e)
            {
                return e.Message.StartsWith("Dockerfile", StringComparison.Ordinal);
            }
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(20_000));
    }

    private static Dockerfile Parse(string text) => DockerfileReader.Parse(text, "Dockerfile", Inherited);
}
