namespace Capvec.Text.Templates.Jinja;

/// <summary>Bounds on what a template may use, so that a hostile one cannot hang or fill the memory. The defaults are far above what any vendor's template needs for a context of a million tokens.</summary>
public sealed record JinjaLimits
{
    /// <summary>The limits used where none are given.</summary>
    public static JinjaLimits Default { get; } = new();

    /// <summary>Evaluated expressions, executed statements, handled list elements, and work on long text and large numbers in proportion.</summary>
    public long MaxSteps { get; init; } = 20_000_000;

    /// <summary>Characters of the rendered text.</summary>
    public int MaxOutputLength { get; init; } = 32_000_000;

    /// <summary>Characters of all text made while rendering, intermediate values included.</summary>
    public long MaxTextBuilt { get; init; } = 256_000_000;

    /// <summary>How long a rendering may take, as a last resort: the other limits are reached in seconds.</summary>
    public TimeSpan MaxTime { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Characters of the template itself.</summary>
    public int MaxTemplateLength { get; init; } = 2_000_000;

    /// <summary>Calls of macros inside each other.</summary>
    public int MaxCallDepth { get; init; } = 64;
}
