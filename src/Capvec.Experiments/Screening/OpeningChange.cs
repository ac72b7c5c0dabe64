namespace Capvec.Experiments.Screening;

/// <summary>How much likelier steering makes the openings of replies that bear a failure mark.</summary>
/// <param name="Change">Mean change of the log-probability of the first tokens together, in nats a reply; negative where steering leads away from them.</param>
/// <param name="Replies">Replies with the mark.</param>
public sealed record OpeningChange(double Change, int Replies);
