package dev.weft.index;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weft.WeftException;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class FilterTest {
  private static final Set<String> COLUMNS = Set.of("category", "price", "stock", "sold", "brand");

  private static boolean passes(String condition) {
    Map<String, Object> row = new HashMap<>();
    row.put("category", "dress");
    row.put("price", 49.5);
    row.put("stock", 3L);
    row.put("sold", false);
    return Filter.parse(condition, COLUMNS).test(row::get);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '"',
      value = {
        "category = 'dress' AND price < 50 | true",
        "category = 'dress' and price < 49.5 | false",
        "price <= 49.5 AND price >= 49.5 | true",
        "stock > 2.5 AND stock != 4 AND stock <> -3e0 | true",
        "category IN ('shirt', 'dress') | true",
        "category NOT IN ('shirt', 'it''s') | true",
        "NOT (category = 'dress' OR price > 1) | false",
        "category = 'a' OR category = 'b' AND price < 1 OR stock = 3 | true",
        "brand = 'x' | false",
        "NOT brand = 'x' | false",
        "brand IS NULL AND price IS NOT NULL | true",
        "brand = 'x' OR price < 50 | true",
        "sold = FALSE | true",
        "brand NOT IN ('x') | false",
      })
  void conditionsMeanWhatSqlMeans(String condition, boolean expected) {
    assertThat(passes(condition)).isEqualTo(expected);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '"',
      value = {
        "colour = 'red' | there is no column 'colour' at character 1",
        "price < | expected a number or a 'text' at character 8",
        "price ~ 3 | there is no such sign at character 6",
        "(price < 3 | expected ) at character 11",
        "price < 3 category = 'a' | expected AND or OR at character 11",
        "price NOT 3 | expected IN at character 11",
        "price IS 3 | expected NULL at character 10",
      })
  void whatIsWrongIsSaidWithItsPlace(String condition, String message) {
    assertThatThrownBy(() -> Filter.parse(condition, COLUMNS))
        .isInstanceOf(WeftException.class)
        .hasMessageContaining("Cannot filter by [" + condition + "]")
        .hasMessageContaining(message)
        .hasMessageContaining("[brand, category, price, sold, stock]");
  }

  @Test
  void aTextIsNotComparedWithANumber() {
    assertThatThrownBy(() -> passes("category < 3"))
        .isInstanceOf(WeftException.class)
        .hasMessageContaining("the column category holds dress, which does not compare with 3.0");
  }
}
