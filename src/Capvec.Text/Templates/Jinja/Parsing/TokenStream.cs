using System.Runtime.CompilerServices;

namespace Capvec.Text.Templates.Jinja.Parsing;

/// <summary>Tokens with a place in them.</summary>
internal sealed class TokenStream(List<Token> tokens)
{
    private int _at;

    /// <summary>The token at the place.</summary>
    public Token Current => tokens[_at];

    /// <summary>The one behind it.</summary>
    public Token Ahead => tokens[Math.Min(_at + 1, tokens.Count - 1)];

    /// <summary>Takes the token at the place.</summary>
    public Token Take()
    {
        // Each level of nesting takes tokens, so this guards all of the parser against a template of a million brackets.
        RuntimeHelpers.EnsureSufficientExecutionStack();
        var token = tokens[_at];
        if (_at < tokens.Count - 1)
            _at++;
        return token;
    }

    /// <summary>Takes an operator if it is there.</summary>
    public bool TakeOperator(string text)
    {
        var there = Current.IsOperator(text);
        if (there)
            Take();
        return there;
    }

    /// <summary>Takes a keyword if it is there.</summary>
    public bool TakeName(string text)
    {
        var there = Current.IsName(text);
        if (there)
            Take();
        return there;
    }

    /// <summary>Takes an operator that must be there.</summary>
    public void ExpectOperator(string text)
    {
        if (!TakeOperator(text))
            throw Unexpected($"'{text}'");
    }

    /// <summary>Takes a keyword that must be there.</summary>
    public void ExpectName(string text)
    {
        if (!TakeName(text))
            throw Unexpected($"'{text}'");
    }

    /// <summary>Takes a token of a kind that must be there.</summary>
    public Token Expect(TokenKind kind, string expected) => Current.Kind == kind ? Take() : throw Unexpected(expected);

    /// <summary>The error for what stands at the place.</summary>
    public JinjaException Unexpected(string expected) => new($"{Current.Described} stands where {expected} was expected", Current.Line);
}
