namespace Capvec.Cli.Progress;

/// <summary>Figures of progress in words.</summary>
internal static class ProgressText
{
    /// <summary>A rate a second, or a minute where that reads better.</summary>
    public static string Rate(double perSecond) => perSecond switch
    {
        >= 100 => $"{perSecond:0}/s",
        >= 1 => $"{perSecond:0.0}/s",
        _ => $"{perSecond * 60:0.0}/min",
    };

    /// <summary>A length of time to two figures.</summary>
    public static string Duration(TimeSpan span) => span switch
    {
        { TotalHours: >= 1 } => $"{(int)span.TotalHours} h {span.Minutes} min",
        { TotalMinutes: >= 1 } => $"{span.Minutes} min {span.Seconds} s",
        _ => $"{span.TotalSeconds:0} s",
    };
}
