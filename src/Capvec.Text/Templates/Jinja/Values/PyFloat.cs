using System.Globalization;
using System.Numerics;
using System.Text;

namespace Capvec.Text.Templates.Jinja.Values;

/// <summary>Floats as Python writes and rounds them.</summary>
internal static class PyFloat
{
    /// <summary>Shortest digits that read back as the same number, with an exponent below 1e-4 and from 1e16 on: 2.0, 1e+21, 1.5e-07.</summary>
    public static string Print(double value)
    {
        if (double.IsNaN(value))
            return "nan";
        if (double.IsInfinity(value))
            return value > 0 ? "inf" : "-inf";
        var shortest = value.ToString("R", CultureInfo.InvariantCulture);

        // "R" gives the digits; the place of the point is decided here.
        var mantissa = shortest.Split('E')[0];
        var negative = mantissa.StartsWith('-');
        mantissa = mantissa.TrimStart('-');
        var point = mantissa.IndexOf('.') is var dot and >= 0 ? dot : mantissa.Length;
        var digits = mantissa.Replace(".", "", StringComparison.Ordinal);
        var exponent = shortest.Contains('E') ? int.Parse(shortest.AsSpan(shortest.IndexOf('E') + 1), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture) : 0;
        var leadingZeros = digits.Length - digits.TrimStart('0').Length;
        digits = digits.Trim('0');
        if (digits.Length == 0)
            return negative ? "-0.0" : "0.0";
        var pointAt = point + exponent - leadingZeros;

        var text = new StringBuilder(negative ? "-" : "");
        if (pointAt is > 16 or < -3)
        {
            text.Append(digits[0]);
            if (digits.Length > 1)
                text.Append('.').Append(digits, 1, digits.Length - 1);
            var power = pointAt - 1;
            text.Append('e').Append(power < 0 ? '-' : '+').Append(Math.Abs(power).ToString("00", CultureInfo.InvariantCulture));
        }
        else if (pointAt <= 0)
        {
            text.Append("0.").Append('0', -pointAt).Append(digits);
        }
        else if (pointAt >= digits.Length)
        {
            text.Append(digits).Append('0', pointAt - digits.Length).Append(".0");
        }
        else
        {
            text.Append(digits, 0, pointAt).Append('.').Append(digits, pointAt, digits.Length - pointAt);
        }

        return text.ToString();
    }

    /// <summary>Rounds the exact value to so many digits behind the point, ties to even, as Python's round().</summary>
    public static double Round(double value, int digits)
    {
        if (!double.IsFinite(value) || digits > 323)
            return value;
        if (digits < -308)
            return 0;
        var bits = BitConverter.DoubleToInt64Bits(value);
        var exponent = (int)((bits >> 52) & 0x7FF);
        var mantissa = bits & 0xFFFFFFFFFFFFF;
        var (numerator, power) = exponent == 0 ? (new BigInteger(mantissa), -1074) : (new BigInteger(mantissa | (1L << 52)), exponent - 1075);
        var denominator = BigInteger.One;
        if (power >= 0)
            numerator <<= power;
        else
            denominator <<= -power;
        if (digits >= 0)
            numerator *= BigInteger.Pow(10, digits);
        else
            denominator *= BigInteger.Pow(10, -digits);
        var quotient = BigInteger.DivRem(numerator, denominator, out var rest);
        var half = (rest * 2).CompareTo(denominator);
        if (half > 0 || (half == 0 && !quotient.IsEven))
            quotient++;
        var rounded = double.Parse(string.Create(CultureInfo.InvariantCulture, $"{quotient}e{-digits}"), NumberStyles.Float, CultureInfo.InvariantCulture);
        return bits < 0 ? -rounded : rounded;
    }
}
