package dev.weft.index;

import dev.weft.ExitCode;
import dev.weft.WeftException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Which images are candidates, as a condition in the words of SQL:
 *
 * <pre>  category = 'dress' AND (price &lt; 50 OR brand IN ('a', 'b')) AND NOT sold IS NULL</pre>
 *
 * <p>It compares a column with a value of its kind (=, !=, &lt;&gt;, &lt;, &lt;=, &gt;, &gt;=, IN,
 * IS NULL, IS NOT NULL) and joins comparisons by AND, OR, NOT and parentheses. As in SQL a
 * comparison with a missing value is neither true nor false, and only rows for which the whole is
 * true pass. Immutable.
 */
public final class Filter {
  private static final Pattern TOKEN =
      Pattern.compile(
          "(?<name>[A-Za-z_][A-Za-z0-9_]*)"
              + "|(?<number>-?(?:\\d+\\.?\\d*|\\.\\d+)(?:[eE][-+]?\\d+)?)"
              + "|'(?<text>(?:[^']|'')*)'"
              + "|(?<sign><=|>=|<>|!=|[=<>(),])");

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
  public static Filter parse(String text, Map<String, IndexColumns.Kind> known) {
    Parser parser = new Parser(text, known);
    Condition condition = parser.any();
    if (parser.at < parser.tokens.size()) {
      throw parser.wrong("expected AND or OR");
    }
    return new Filter(text, condition, parser.columns);
  }

  /** Reads conditions that are all to hold; what is wrong is said of the one it is wrong in. */
  public static Filter all(List<String> texts, Map<String, IndexColumns.Kind> known) {
    Condition condition = row -> true;
    Set<String> columns = new TreeSet<>();
    for (String text : texts) {
      Filter filter = parse(text, known);
      condition = both(condition, filter.condition);
      columns.addAll(filter.columns);
    }
    return new Filter(String.join(" AND ", texts), condition, columns);
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
    private final Map<String, IndexColumns.Kind> known;
    private final Set<String> columns = new TreeSet<>();
    private final List<Token> tokens = new ArrayList<>();
    private int at;

    Parser(String text, Map<String, IndexColumns.Kind> known) {
      this.text = text;
      this.known = new TreeMap<>(known);
      Matcher matcher = TOKEN.matcher(text);
      int end = 0;
      while (end < text.length()) {
        if (Character.isWhitespace(text.charAt(end))) {
          end++;
          continue;
        }
        if (!matcher.find(end) || matcher.start() != end) {
          boolean open = text.charAt(end) == '\'';
          throw wrong(end, open ? "the text has no ' at its end" : "there is no such sign");
        }
        for (String kind : List.of("name", "number", "text", "sign")) {
          if (matcher.group(kind) != null) {
            tokens.add(new Token(kind, matcher.group(kind), end));
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
        left = both(one, other);
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
      String name = column.value();
      if (!known.containsKey(name)) {
        throw wrong(column.place(), "there is no column '" + name + "'");
      }
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
          values.add(literal(name));
        } while (sign(","));
        require(")");
        Condition in =
            row -> {
              Boolean found = false;
              for (Object value : values) {
                found = or(found, compare(row.apply(name), "=", value));
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
      Object value = literal(name);
      return row -> compare(row.apply(name), operator.value(), value);
    }

    /** A value of the kind that a column holds. */
    private Object literal(String column) {
      return switch (known.get(column)) {
        case STRING -> next("text", expected("a 'text'", column)).value().replace("''", "'");
        case BIGINT, DOUBLE -> number(next("number", expected("a number", column)).value());
        case BOOLEAN -> truth(column);
      };
    }

    private static String expected(String value, String column) {
      return "expected " + value + ", as " + column + " holds,";
    }

    private boolean truth(String column) {
      boolean value = word("TRUE");
      if (!value && !word("FALSE")) {
        throw wrong(expected("TRUE or FALSE", column));
      }
      return value;
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
          known.keySet());
    }
  }

  /** A whole number as it is where 64 bits hold it: float64 has no room for all of them. */
  private static Object number(String digits) {
    try {
      return Long.valueOf(digits);
    } catch (NumberFormatException e) {
      return Double.valueOf(digits);
    }
  }

  private static Boolean compare(Object found, String operator, Object value) {
    if (found == null) {
      return null;
    }
    int order = order(found, value);
    return switch (operator) {
      case "=" -> order == 0;
      case "<" -> order < 0;
      case "<=" -> order <= 0;
      case ">" -> order > 0;
      case ">=" -> order >= 0;
      default -> order != 0;
    };
  }

  private static int order(Object found, Object value) {
    if (found instanceof String text) {
      return text.compareTo((String) value);
    }
    if (found instanceof Boolean truth) {
      return truth.compareTo((Boolean) value);
    }
    if (found instanceof Long whole && value instanceof Long limit) {
      return whole.compareTo(limit);
    }
    double zero = 0; // added, so that -0 is 0
    return Double.compare(
        ((Number) found).doubleValue() + zero, ((Number) value).doubleValue() + zero);
  }

  private static Condition both(Condition one, Condition other) {
    return row -> not(or(not(one.test(row)), not(other.test(row))));
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
