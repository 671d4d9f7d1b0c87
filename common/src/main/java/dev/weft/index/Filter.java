package dev.weft.index;

import dev.weft.ExitCode;
import dev.weft.WeftException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Which images are candidates, as a condition in the words of SQL:
 *
 * <pre>  category = 'dress' AND (price &lt; 50 OR brand IN ('a', 'b')) AND NOT sold IS NULL</pre>
 *
 * <p>It compares a column with a value (=, !=, &lt;&gt;, &lt;, &lt;=, &gt;, &gt;=, IN, IS NULL, IS
 * NOT NULL) and joins comparisons by AND, OR, NOT and parentheses. As in SQL a comparison with a
 * missing value is neither true nor false, and only rows for which the whole is true pass.
 * Immutable.
 */
public final class Filter {
  private static final Pattern TOKEN =
      Pattern.compile(
          "\\s*(?:(?<name>[A-Za-z_][A-Za-z0-9_]*)|(?<number>-?(?:\\d+\\.?\\d*|\\.\\d+)(?:[eE][-+]?\\d+)?)"
              + "|'(?<text>(?:[^']|'')*)'|(?<sign><=|>=|<>|!=|[=<>(),]))");

  private final String text;
  private final Condition condition;
  private final Set<String> columns;

  /** Three values: true, false, and null for unknown. */
  private interface Condition {
    Boolean test(Function<String, Object> row);
  }

  private Filter(String text, Condition condition, Set<String> columns) {
    this.text = text;
    this.condition = condition;
    this.columns = Collections.unmodifiableSet(columns);
  }

  /**
   * Reads a condition.
   *
   * @param known the columns there are
   */
  public static Filter parse(String text, Set<String> known) {
    Parser parser = new Parser(text, known);
    Condition condition = parser.any();
    if (parser.at < parser.tokens.size()) {
      throw parser.wrong("expected AND or OR");
    }
    return new Filter(text, condition, parser.columns);
  }

  /** The columns it looks at. */
  public Set<String> columns() {
    return columns;
  }

  /** Whether a row passes; {@code row} gives the value of a column, null where there is none. */
  public boolean test(Function<String, Object> row) {
    return Boolean.TRUE.equals(condition.test(row));
  }

  @Override
  public String toString() {
    return text;
  }

  private record Token(String kind, String value, int place) {}

  private static final class Parser {
    private final String text;
    private final Set<String> known;
    private final Set<String> columns = new TreeSet<>();
    private final List<Token> tokens = new ArrayList<>();
    private int at;

    Parser(String text, Set<String> known) {
      this.text = text;
      this.known = new TreeSet<>(known);
      Matcher matcher = TOKEN.matcher(text);
      int end = 0;
      while (end < text.length() && !text.substring(end).isBlank()) {
        if (!matcher.find(end) || matcher.start() != end) {
          throw wrong(end, "there is no such sign");
        }
        for (String kind : List.of("name", "number", "text", "sign")) {
          if (matcher.group(kind) != null) {
            tokens.add(new Token(kind, matcher.group(kind), matcher.start(kind)));
          }
        }
        end = matcher.end();
      }
    }

    private Condition any() {
      Condition left = all();
      while (word("OR")) {
        Condition one = left;
        Condition other = all();
        left = row -> or(one.test(row), other.test(row));
      }
      return left;
    }

    private Condition all() {
      Condition left = negated();
      while (word("AND")) {
        Condition one = left;
        Condition other = negated();
        left = row -> not(or(not(one.test(row)), not(other.test(row))));
      }
      return left;
    }

    private Condition negated() {
      if (word("NOT")) {
        Condition inner = negated();
        return row -> not(inner.test(row));
      }
      if (sign("(")) {
        Condition inner = any();
        require(")");
        return inner;
      }
      return comparison();
    }

    private Condition comparison() {
      Token column = next("name", "expected a column");
      if (!known.contains(column.value())) {
        throw wrong(column.place(), "there is no column '" + column.value() + "'");
      }
      String name = column.value();
      columns.add(name);
      if (word("IS")) {
        boolean wanted = !word("NOT");
        if (!word("NULL")) {
          throw wrong("expected NULL");
        }
        return row -> (row.apply(name) == null) == wanted;
      }
      boolean negated = word("NOT");
      if (word("IN")) {
        require("(");
        List<Object> values = new ArrayList<>();
        do {
          values.add(literal());
        } while (sign(","));
        require(")");
        Condition in =
            row -> {
              Boolean found = false;
              for (Object value : values) {
                found = or(found, compare(name, row.apply(name), "=", value));
              }
              return found;
            };
        return negated ? row -> not(in.test(row)) : in;
      }
      if (negated) {
        throw wrong("expected IN");
      }
      Token operator = next("sign", "expected a comparison");
      if (!Set.of("=", "!=", "<>", "<", "<=", ">", ">=").contains(operator.value())) {
        throw wrong(operator.place(), "expected a comparison");
      }
      Object value = literal();
      return row -> compare(name, row.apply(name), operator.value(), value);
    }

    private Object literal() {
      if (word("TRUE")) {
        return true;
      }
      if (word("FALSE")) {
        return false;
      }
      Token token = at < tokens.size() ? tokens.get(at) : new Token("", "", text.length());
      if (token.kind().equals("number")) {
        at++;
        return Double.valueOf(token.value());
      }
      if (token.kind().equals("text")) {
        at++;
        return token.value().replace("''", "'");
      }
      throw wrong("expected a number or a 'text'");
    }

    private Boolean compare(String column, Object found, String operator, Object value) {
      if (found == null) {
        return null;
      }
      int order;
      if (found instanceof Number number && value instanceof Double limit) {
        order = Double.compare(number.doubleValue(), limit);
      } else if (found instanceof String one && value instanceof String other) {
        order = one.compareTo(other);
      } else if (found instanceof Boolean one && value instanceof Boolean other) {
        order = one.compareTo(other);
      } else {
        throw wrong(
            Math.max(0, text.indexOf(column)),
            "the column " + column + " holds " + found + ", which does not compare with " + value);
      }
      return switch (operator) {
        case "=" -> order == 0;
        case "<" -> order < 0;
        case "<=" -> order <= 0;
        case ">" -> order > 0;
        case ">=" -> order >= 0;
        default -> order != 0;
      };
    }

    private Token next(String kind, String expected) {
      if (at == tokens.size() || !tokens.get(at).kind().equals(kind)) {
        throw wrong(expected);
      }
      return tokens.get(at++);
    }

    private boolean word(String word) {
      boolean here =
          at < tokens.size()
              && tokens.get(at).kind().equals("name")
              && tokens.get(at).value().toUpperCase(Locale.ROOT).equals(word);
      at += here ? 1 : 0;
      return here;
    }

    private boolean sign(String sign) {
      boolean here =
          at < tokens.size()
              && tokens.get(at).kind().equals("sign")
              && tokens.get(at).value().equals(sign);
      at += here ? 1 : 0;
      return here;
    }

    private void require(String sign) {
      if (!sign(sign)) {
        throw wrong("expected " + sign);
      }
    }

    private WeftException wrong(String what) {
      return wrong(at < tokens.size() ? tokens.get(at).place() : text.length(), what);
    }

    private WeftException wrong(int place, String what) {
      return new WeftException(
          ExitCode.CONFIG,
          "Cannot filter by [%s]: %s at character %d, before [%s]. Write a condition such as"
              + " category = 'dress' AND price < 50 on the columns %s.",
          text,
          what,
          place + 1,
          text.substring(Math.min(place, text.length())),
          known);
    }
  }

  private static Boolean not(Boolean value) {
    return value == null ? null : !value;
  }

  private static Boolean or(Boolean one, Boolean other) {
    if (Boolean.TRUE.equals(one) || Boolean.TRUE.equals(other)) {
      return true;
    }
    return (one == null || other == null) ? null : false;
  }
}
