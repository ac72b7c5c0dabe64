namespace Capvec.Experiments.Studies;

/// <summary>Which tokens of a trace the residual stream is read at.</summary>
public enum TokenPositions
{
    /// <summary>The mean over all tokens that the agent wrote. Called <c>agent-tokens</c>.</summary>
    AgentTokens,

    /// <summary>The last token before the agent's first reply. Called <c>last-prompt</c>.</summary>
    LastPrompt,
}
