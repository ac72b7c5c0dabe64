using Microsoft.Playwright;

namespace Capvec.Reports.Tests.Browser;

/// <summary>One headless Chromium for all tests of a class. Where none is installed the tests skip, visibly.</summary>
public sealed class BrowserFixture : IAsyncLifetime
{
    private static readonly string[] Places = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

    private IPlaywright? _playwright;
    private IBrowser? _browser;

    public async ValueTask InitializeAsync()
    {
        if (Places.FirstOrDefault(File.Exists) is not { } path)
            return;
        _playwright = await Playwright.CreateAsync();
        _browser = await _playwright.Chromium.LaunchAsync(new()
        {
            ExecutablePath = path,
            Args = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
        });
    }

    public async ValueTask DisposeAsync()
    {
        if (_browser is not null)
            await _browser.DisposeAsync();
        _playwright?.Dispose();
    }

    /// <summary>Opens a file in a window of its own, without a network, and lists what went wrong there.</summary>
    internal async Task<(IPage Page, List<string> Trouble)> OpenAsync(string path, int width = 1280, ColorScheme scheme = ColorScheme.Light, bool scripts = true)
    {
        if (_browser is null)
            Assert.Skip($"no Chromium at {string.Join(", ", Places)}: apt-get install chromium");
        var context = await _browser.NewContextAsync(new() { ViewportSize = new() { Width = width, Height = 900 }, ColorScheme = scheme, Offline = true, JavaScriptEnabled = scripts });
        var page = await context.NewPageAsync();
        var trouble = new List<string>();
        page.Console += (_, message) => trouble.Add($"console {message.Type}: {message.Text}");
        page.PageError += (_, error) => trouble.Add($"error: {error}");
        page.Request += (_, request) =>
        {
            if (!request.Url.StartsWith("file:", StringComparison.Ordinal))
                trouble.Add($"request: {request.Url}");
        };
        await page.GotoAsync(new Uri(path).AbsoluteUri);
        return (page, trouble);
    }
}
