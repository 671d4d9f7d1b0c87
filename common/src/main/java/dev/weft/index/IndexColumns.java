package dev.weft.index;

import dev.weft.ExitCode;
import dev.weft.WeftException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.apache.parquet.schema.LogicalTypeAnnotation;
import org.apache.parquet.schema.MessageType;
import org.apache.parquet.schema.PrimitiveType.PrimitiveTypeName;
import org.apache.parquet.schema.Type;
import org.apache.parquet.schema.Type.Repetition;
import org.apache.parquet.schema.Types;

/**
 * The columns of an index: those that every index has, and the attributes that this one can be
 * filtered by. {@code data-schemas/index.ddl} has the meaning of each.
 *
 * @param attributes name and type of each further column, in order
 */
public record IndexColumns(Map<String, Kind> attributes) {
  private static final Set<String> RESERVED =
      Set.of("id", "dataset", "category", "location", "description", "cell", "vector", "code");

  /** Types of attributes. */
  public enum Kind {
    /** A text. */
    STRING(PrimitiveTypeName.BINARY, String.class),
    /** A whole number of 64 bits. */
    BIGINT(PrimitiveTypeName.INT64, Long.class),
    /** A number in float64. */
    DOUBLE(PrimitiveTypeName.DOUBLE, Double.class),
    /** True or false. */
    BOOLEAN(PrimitiveTypeName.BOOLEAN, Boolean.class);

    private final PrimitiveTypeName physical;
    private final Class<?> type;

    Kind(PrimitiveTypeName physical, Class<?> type) {
      this.physical = physical;
      this.type = type;
    }

    private Type column(String name) {
      Types.PrimitiveBuilder<?> builder = Types.primitive(physical, Repetition.OPTIONAL);
      return (Type)
          (this == STRING ? builder.as(LogicalTypeAnnotation.stringType()) : builder).named(name);
    }
  }

  /** Checks the names. */
  public IndexColumns {
    for (String name : attributes.keySet()) {
      if (RESERVED.contains(name) || !name.matches("[A-Za-z_][A-Za-z0-9_]*")) {
        throw new WeftException(
            ExitCode.CONFIG,
            "Cannot index the attribute '%s': a name has letters, digits and '_', does not begin"
                + " with a digit, and is none of %s. Rename the column.",
            name,
            RESERVED.stream().sorted().toList());
      }
    }
    attributes = Collections.unmodifiableMap(new LinkedHashMap<>(attributes));
  }

  /** No attributes. */
  public static IndexColumns plain() {
    return new IndexColumns(Map.of());
  }

  /** The columns that {@link #ddl} states. */
  public static IndexColumns of(String ddl) {
    Map<String, Kind> attributes = new LinkedHashMap<>();
    for (String column : ddl.replaceAll("COMMENT '[^']*'", "").split(",", -1)) {
      String[] words = column.strip().split("\\s+", -1);
      if (!RESERVED.contains(words[0])) {
        attributes.put(words[0], kind(words));
      }
    }
    return new IndexColumns(attributes);
  }

  private static Kind kind(String[] words) {
    for (Kind kind : Kind.values()) {
      if (words.length > 1 && kind.name().equals(words[1].toUpperCase(Locale.ROOT))) {
        return kind;
      }
    }
    throw new WeftException(
        ExitCode.INPUT_MISSING,
        "Cannot read the index: its column %s is of no type that an attribute has: %s. Build the"
            + " index again with this version.",
        String.join(" ", words),
        Arrays.toString(Kind.values()));
  }

  /** Stops where a row has an attribute that there is no column for, or of another type. */
  void check(IndexRow row) {
    row.attributes()
        .forEach(
            (name, value) -> {
              Kind kind = attributes.get(name);
              if (kind == null || !kind.type.isInstance(value)) {
                throw new WeftException(
                    ExitCode.INPUT_MISSING,
                    "Cannot add the image %s: its attribute %s is '%s', and the index has the"
                        + " attributes %s. Leave it out, or build the index again with it.",
                    row.key(),
                    name,
                    value,
                    attributes);
              }
            });
  }

  /** The columns as Spark DDL, for manifests. */
  public String ddl() {
    List<String> columns =
        new ArrayList<>(
            List.of(
                "id STRING NOT NULL",
                "dataset STRING NOT NULL",
                "category STRING NOT NULL",
                "location STRING NOT NULL",
                "description STRING",
                "cell INT NOT NULL",
                "vector BINARY NOT NULL",
                "code BINARY NOT NULL"));
    attributes.forEach((name, kind) -> columns.add(name + " " + kind));
    return String.join(",", columns);
  }

  /** The columns as Parquet has them. */
  MessageType schema() {
    List<Type> columns = new ArrayList<>();
    for (String name : List.of("id", "dataset", "category", "location")) {
      columns.add(text(Repetition.REQUIRED, name));
    }
    columns.add(text(Repetition.OPTIONAL, "description"));
    columns.add(Types.required(PrimitiveTypeName.INT32).named("cell"));
    columns.add(Types.required(PrimitiveTypeName.BINARY).named("vector"));
    columns.add(Types.required(PrimitiveTypeName.BINARY).named("code"));
    attributes.forEach((name, kind) -> columns.add(kind.column(name)));
    return new MessageType("spark_schema", columns);
  }

  private static Type text(Repetition repetition, String name) {
    return Types.primitive(PrimitiveTypeName.BINARY, repetition)
        .as(LogicalTypeAnnotation.stringType())
        .named(name);
  }
}
