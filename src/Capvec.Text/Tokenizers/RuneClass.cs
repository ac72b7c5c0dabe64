namespace Capvec.Text.Tokenizers;

/// <summary>What the splitting expressions can tell apart about a character.</summary>
[Flags]
internal enum RuneClass : byte
{
    /// <summary>None of the below: punctuation, symbols, controls, unassigned.</summary>
    Other = 0,

    /// <summary>\p{L}.</summary>
    Letter = 1,

    /// <summary>\p{M}.</summary>
    Mark = 2,

    /// <summary>\p{N}.</summary>
    Number = 4,

    /// <summary>\s, the property White_Space.</summary>
    Space = 8,

    /// <summary>Behind the last character.</summary>
    End = 128,
}
