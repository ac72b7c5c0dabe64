using System.Text.Json;

namespace Capvec.Cli.Tests;

public sealed class ServeTests
{
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
