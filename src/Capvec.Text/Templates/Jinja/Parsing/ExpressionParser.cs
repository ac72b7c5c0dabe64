using System.Globalization;
using System.Numerics;
using System.Runtime.CompilerServices;
using Capvec.Text.Templates.Jinja.Syntax;
using Capvec.Text.Templates.Jinja.Values;

namespace Capvec.Text.Templates.Jinja.Parsing;

/// <summary>
/// Parses expressions by recursive descent. From loosest to tightest: if-else, or, and, not, comparisons, + -, ~, * / // %, ** (from left
/// to right, and looser than a sign), signs, then attributes, items and calls, and last filters and tests.
/// </summary>
internal sealed class ExpressionParser(TokenStream tokens)
{
    private static readonly string[] Comparisons = ["==", "!=", "<", "<=", ">", ">="];

    /// <summary>Called with each name that is read.</summary>
    public Action<string> OnName { get; set; } = _ => { };

    /// <summary>An expression, with if-else.</summary>
    public Expression Expression()
    {
        var value = Or();
        while (tokens.TakeName("if"))
        {
            var condition = Or();
            value = new Conditional(condition, value, tokens.TakeName("else") ? Expression() : null);
        }

        return value;
    }

    /// <summary>An expression, or several with commas between them as a tuple.</summary>
    /// <param name="conditional">Whether if-else may stand in it: not in the head of a loop or branch.</param>
    public Expression ExpressionOrTuple(bool conditional = true)
    {
        var first = conditional ? Expression() : Or();
        if (!tokens.Current.IsOperator(","))
            return first;
        var items = new List<Expression> { first };
        while (tokens.TakeOperator(",") && !EndsTuple())
            items.Add(conditional ? Expression() : Or());
        return new TupleLiteral(items);
    }

    /// <summary>Filters (and nothing else) behind an operand.</summary>
    public Expression Filters(Expression operand, bool firstWithoutBar = false)
    {
        for (var first = firstWithoutBar; first || tokens.TakeOperator("|"); first = false)
            operand = Filter(operand);
        return operand;
    }

    private bool EndsTuple() => tokens.Current.Kind is TokenKind.VariableEnd or TokenKind.BlockEnd || tokens.Current.IsOperator(")") || tokens.Current.IsName("recursive");

    private Expression Or()
    {
        // Brackets, negations and calls all come through here, also where they lie in each other without taking a token between.
        RuntimeHelpers.EnsureSufficientExecutionStack();
        var left = And();
        while (tokens.TakeName("or"))
            left = new Junction(and: false, left, And());
        return left;
    }

    private Expression And()
    {
        var left = Not();
        while (tokens.TakeName("and"))
            left = new Junction(and: true, left, Not());
        return left;
    }

    private Expression Not() => tokens.TakeName("not") ? new Negation(Not()) : Compare();

    private Expression Compare()
    {
        var first = Sum();
        var rest = new List<(string, Expression)>();
        while (true)
        {
            if (tokens.Current.Kind == TokenKind.Operator && Comparisons.Contains(tokens.Current.Text))
            {
                var op = tokens.Take().Text;
                rest.Add((op, Sum()));
            }
            else if (tokens.TakeName("in"))
            {
                rest.Add(("in", Sum()));
            }
            else if (tokens.Current.IsName("not") && tokens.Ahead.IsName("in"))
            {
                tokens.Take();
                tokens.Take();
                rest.Add(("not in", Sum()));
            }
            else
            {
                return rest.Count == 0 ? first : new Comparison(first, rest);
            }
        }
    }

    private Expression Sum() => LeftToRight(Concatenated, "+", "-");

    private Expression Concatenated()
    {
        var first = Product();
        if (!tokens.Current.IsOperator("~"))
            return first;
        var parts = new List<Expression> { first };
        while (tokens.TakeOperator("~"))
            parts.Add(Product());
        return new Concatenation(parts);
    }

    private Expression Product() => LeftToRight(Power, "*", "/", "//", "%");

    private Expression Power() => LeftToRight(() => Unary(filtered: true), "**");

    private Expression LeftToRight(Func<Expression> operand, params string[] operators)
    {
        var left = operand();
        while (tokens.Current.Kind == TokenKind.Operator && operators.Contains(tokens.Current.Text))
        {
            var op = tokens.Take().Text;
            left = new Arithmetic(op, left, operand());
        }

        return left;
    }

    private Expression Unary(bool filtered)
    {
        var operand = tokens.Current.IsOperator("-") || tokens.Current.IsOperator("+")
            ? new Signed(tokens.Take().Text == "-", Unary(filtered: false))
            : Primary();
        operand = Postfix(operand);
        return filtered ? FiltersAndTests(operand) : operand;
    }

    private Expression Primary()
    {
        var token = tokens.Take();
        switch (token.Kind)
        {
            case TokenKind.Name:
                return NameOrConstant(token);
            case TokenKind.String:
                // Strings beside each other are one.
                var text = token.Text;
                while (tokens.Current.Kind == TokenKind.String)
                    text += tokens.Take().Text;
                return new Literal(text);
            case TokenKind.Integer:
                return new Literal(Integer(token));
            case TokenKind.Float:
                return new Literal(double.Parse(token.Text, NumberStyles.Float, CultureInfo.InvariantCulture));
            case TokenKind.Operator when token.Text == "(":
                return Bracketed();
            case TokenKind.Operator when token.Text == "[":
                return new ListLiteral(Items("]"));
            case TokenKind.Operator when token.Text == "{":
                return new DictLiteral(Entries());
            default:
                throw new JinjaException($"{token.Described} stands where a value was expected", token.Line);
        }
    }

    private Expression NameOrConstant(Token token)
    {
        switch (token.Text)
        {
            case "true" or "True":
                return new Literal(true);
            case "false" or "False":
                return new Literal(false);
            case "none" or "None":
                return new Literal(null);
            default:
                OnName(token.Text);
                return new Name(token.Text);
        }
    }

    private static object Integer(Token token)
    {
        var text = token.Text.Replace("_", "", StringComparison.Ordinal);
        if (text.Length > 4000)
            throw new JinjaException("a number has too many digits", token.Line);
        var (digits, bits) = text.Length > 1 ? char.ToLowerInvariant(text[1]) switch { 'x' => (text[2..], 4), 'o' => (text[2..], 3), 'b' => (text[2..], 1), _ => (text, 0) } : (text, 0);
        if (bits == 0)
            return PyMath.Small(BigInteger.Parse(digits, NumberStyles.None, CultureInfo.InvariantCulture));
        var number = BigInteger.Zero;
        foreach (var digit in digits.Select(digit => int.Parse([digit], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture)))
            number = digit < 1 << bits ? (number << bits) + digit : throw new JinjaException($"{token.Text} is no number", token.Line);
        return digits.Length > 0 ? PyMath.Small(number) : throw new JinjaException($"{token.Text} is no number", token.Line);
    }

    private Expression Bracketed()
    {
        if (tokens.TakeOperator(")"))
            return new TupleLiteral([]);
        var inside = ExpressionOrTuple();
        tokens.ExpectOperator(")");
        return inside;
    }

    private List<Expression> Items(string close)
    {
        var items = new List<Expression>();
        while (!tokens.TakeOperator(close))
        {
            if (items.Count > 0)
                tokens.ExpectOperator(",");
            if (tokens.TakeOperator(close))
                break;
            items.Add(Expression());
        }

        return items;
    }

    private List<(Expression, Expression)> Entries()
    {
        var entries = new List<(Expression, Expression)>();
        while (!tokens.TakeOperator("}"))
        {
            if (entries.Count > 0)
                tokens.ExpectOperator(",");
            if (tokens.TakeOperator("}"))
                break;
            var key = Expression();
            tokens.ExpectOperator(":");
            entries.Add((key, Expression()));
        }

        return entries;
    }

    private Expression Postfix(Expression operand)
    {
        for (var name = operand is Name { Text: var first } ? first : "the value"; ;)
        {
            if (tokens.TakeOperator("."))
            {
                var token = tokens.Take();
                name = token.Text;
                operand = token.Kind switch
                {
                    TokenKind.Name => new AttributeAccess(operand, token.Text),
                    TokenKind.Integer => new ItemAccess(operand, new Literal(Integer(token))),
                    _ => throw new JinjaException($"{token.Described} stands where a name was expected", token.Line),
                };
            }
            else if (tokens.TakeOperator("["))
            {
                operand = Subscript(operand);
            }
            else if (tokens.Current.IsOperator("("))
            {
                operand = new Call(operand, name, CallArguments());
            }
            else
            {
                return operand;
            }
        }
    }

    private Expression Subscript(Expression owner)
    {
        var keys = new List<Expression>();
        do
        {
            if (keys.Count > 0 && tokens.Current.IsOperator("]"))
                break;
            var start = tokens.Current.IsOperator(":") ? null : Expression();
            if (start is not null && !tokens.Current.IsOperator(":"))
            {
                keys.Add(start);
                continue;
            }

            tokens.ExpectOperator(":");
            var stop = EndsSlicePart() ? null : Expression();
            var step = tokens.TakeOperator(":") && !EndsSlicePart() ? Expression() : null;
            tokens.ExpectOperator("]");
            if (keys.Count > 0)
                throw new JinjaException("a slice cannot stand beside other keys", tokens.Current.Line);
            return new SliceAccess(owner, start, stop, step);
        }
        while (tokens.TakeOperator(","));
        tokens.ExpectOperator("]");
        return new ItemAccess(owner, keys.Count == 1 ? keys[0] : new TupleLiteral(keys));
    }

    private bool EndsSlicePart() => tokens.Current.IsOperator(":") || tokens.Current.IsOperator("]");

    private CallArguments CallArguments()
    {
        tokens.ExpectOperator("(");
        var positional = new List<Expression>();
        var named = new List<(string, Expression)>();
        Expression? spread = null;
        Expression? spreadNamed = null;
        for (var first = true; !tokens.TakeOperator(")"); first = false)
        {
            if (!first)
                tokens.ExpectOperator(",");
            if (!first && tokens.TakeOperator(")"))
                break;
            if (spread is null && spreadNamed is null && tokens.TakeOperator("*"))
                spread = Expression();
            else if (spreadNamed is null && tokens.TakeOperator("**"))
                spreadNamed = Expression();
            else if (spreadNamed is null && tokens.Current.Kind == TokenKind.Name && tokens.Ahead.IsOperator("="))
                named.Add((NamedArgument(), Expression()));
            else if (named.Count == 0 && spread is null && spreadNamed is null)
                positional.Add(Expression());
            else
                throw tokens.Unexpected("a named argument");
        }

        return new CallArguments(positional, named, spread, spreadNamed);
    }

    private string NamedArgument()
    {
        var name = tokens.Take().Text;
        tokens.ExpectOperator("=");
        return name;
    }

    private Expression FiltersAndTests(Expression operand)
    {
        while (true)
        {
            if (tokens.TakeOperator("|"))
                operand = Filter(operand);
            else if (tokens.TakeName("is"))
                operand = Test(operand);
            else if (tokens.Current.IsOperator("("))
                operand = new Call(operand, "the value", CallArguments());
            else
                return operand;
        }
    }

    private Expression Filter(Expression operand)
    {
        var name = DottedName("the name of a filter");
        return new FilterCall(operand, name, tokens.Current.IsOperator("(") ? CallArguments() : Syntax.CallArguments.None);
    }

    private Expression Test(Expression operand)
    {
        var negated = tokens.TakeName("not");
        var name = DottedName("the name of a test");
        var arguments = Syntax.CallArguments.None;
        if (tokens.Current.IsName("is"))
            throw new JinjaException("tests cannot be chained; put brackets around the first", tokens.Current.Line);
        if (tokens.Current.IsOperator("("))
        {
            arguments = CallArguments();
        }
        else if (TakesArgument())
        {
            // Without brackets a test takes one value, and no operators: "n is divisibleby 3 and m". Jinja takes "if" and "in" for such
            // a value too and then fails; here they keep their meaning.
            arguments = new CallArguments([Postfix(Primary())], [], null, null);
        }

        return new TestCall(operand, name, arguments, negated);
    }

    private bool TakesArgument() => tokens.Current.Kind switch
    {
        TokenKind.String or TokenKind.Integer or TokenKind.Float => true,
        TokenKind.Operator => tokens.Current.Text is "[" or "{",
        TokenKind.Name => tokens.Current.Text is not ("else" or "or" or "and" or "is" or "if" or "not" or "in" or "recursive"),
        _ => false,
    };

    private string DottedName(string expected)
    {
        var name = tokens.Expect(TokenKind.Name, expected).Text;
        while (tokens.TakeOperator("."))
            name += "." + tokens.Expect(TokenKind.Name, expected).Text;
        return name;
    }
}
