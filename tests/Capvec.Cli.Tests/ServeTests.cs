using System.Text.Json;

namespace Capvec.Cli.Tests;

public sealed class ServeTests
{
    [Fact]
    public async Task Directions_that_do_not_say_their_layers_are_served_once_the_user_does()
    {
        using var folder = new TemporaryFolder();
        Directory.CreateDirectory(folder.File("vectors"));
        foreach (var name in new[] { "dir.pt", "cast.svec" })
            File.Copy(Capvec.Tests.Repository.File("tests/fixtures/exchange", name), folder.File("vectors", name));
        string[] serve = ["serve", "--model", "models/phantom/checkpoint", "--port", "0", "--vectors", folder.File("vectors"), "--json"];
        var refused = await CapvecProcess.RunAsync(serve);
        refused.ExitCode.ShouldBe(2);
        refused.ErrorLines[^1].ShouldContain("--layers-are hidden_states");
        using var process = CapvecProcess.Start([.. serve, "--layers-are", "hidden_states"]);
        try
        {
            var line = await process.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken);
            line.ShouldNotBeNull(customMessage: "serve ended before it listened");
            JsonDocument.Parse(line).RootElement.GetProperty("vectors").EnumerateArray().Select(v => v.GetString()).ShouldBe(["cast", "dir"]);
            Interrupt.Send(process);
            await process.WaitForExitAsync(TestContext.Current.CancellationToken);
            process.ExitCode.ShouldBe(0);
        }
        finally
        {
            if (!process.HasExited)
                process.Kill(entireProcessTree: true);
        }
    }

    [Fact]
    public async Task Serve_tells_its_address_answers_and_ends_on_ctrl_c()
    {
        using var process = CapvecProcess.Start("serve", "--model", "models/phantom/checkpoint", "--port", "0", "--json");
        try
        {
            var line = await process.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken);
            line.ShouldNotBeNull(customMessage: "serve ended before it listened");
            var address = JsonDocument.Parse(line).RootElement.GetProperty("address").GetString()!;
            address.ShouldStartWith("http://127.0.0.1:");
            using var http = new HttpClient();
            (await http.GetStringAsync(new Uri($"{address}/health"), TestContext.Current.CancellationToken)).ShouldBe("""{"status":"ok"}""");
            Interrupt.Send(process);
            var rest = await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
            var error = await process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
            await process.WaitForExitAsync(TestContext.Current.CancellationToken);
            process.ExitCode.ShouldBe(0, error);
            rest.ShouldBeEmpty();
        }
        finally
        {
            if (!process.HasExited)
                process.Kill(entireProcessTree: true);
        }
    }
}
