package dev.weft.jobs.store;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.hadoop.conf.Configuration;
import org.apache.parquet.hadoop.api.WriteSupport;
import org.apache.parquet.io.api.Binary;
import org.apache.parquet.io.api.RecordConsumer;
import org.apache.parquet.schema.LogicalTypeAnnotation;
import org.apache.parquet.schema.MessageType;
import org.apache.parquet.schema.PrimitiveType.PrimitiveTypeName;
import org.apache.parquet.schema.Type;
import org.apache.parquet.schema.Type.Repetition;
import org.apache.parquet.schema.Types;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.types.ArrayType;
import org.apache.spark.sql.types.BinaryType;
import org.apache.spark.sql.types.BooleanType;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DoubleType;
import org.apache.spark.sql.types.FloatType;
import org.apache.spark.sql.types.IntegerType;
import org.apache.spark.sql.types.LongType;
import org.apache.spark.sql.types.StringType;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;

/**
 * Turns Spark's rows into Parquet's records in the standard encoding: texts annotated as UTF-8,
 * lists of three levels with elements that are never null, NOT NULL columns required. Spark finds
 * the columns' comments in the footer, where it leaves them itself.
 */
final class RowWriteSupport extends WriteSupport<Row> {
  /** The footer entry from which Spark restores comments. */
  private static final String SPARK_SCHEMA = "org.apache.spark.sql.parquet.row.metadata";

  private final String table;
  private final StructType schema;
  private final StructField[] fields;
  private RecordConsumer out;

  RowWriteSupport(String table, StructType schema) {
    this.table = table;
    this.schema = schema;
    this.fields = schema.fields();
  }

  @Override
  @SuppressWarnings("deprecation") // deprecated, and abstract still
  public WriteContext init(Configuration ignored) {
    List<Type> columns = new ArrayList<>();
    for (StructField field : fields) {
      Repetition repetition = field.nullable() ? Repetition.OPTIONAL : Repetition.REQUIRED;
      columns.add(type(field.dataType(), repetition, field.name()));
    }
    return new WriteContext(
        new MessageType("spark_schema", columns), Map.of(SPARK_SCHEMA, schema.json()));
  }

  @Override
  public void prepareForWrite(RecordConsumer consumer) {
    out = consumer;
  }

  @Override
  public void write(Row row) {
    out.startMessage();
    for (int column = 0; column < fields.length; column++) {
      StructField field = fields[column];
      if (row.isNullAt(column)) {
        if (!field.nullable()) {
          throw ParquetTable.broken(table, field.name(), "is null and must not be");
        }
        continue;
      }
      out.startField(field.name(), column);
      if (field.dataType() instanceof ArrayType list) {
        writeList(field.name(), list.elementType(), row.getList(column));
      } else {
        writeValue(field.dataType(), row.get(column));
      }
      out.endField(field.name(), column);
    }
    out.endMessage();
  }

  private static Type type(DataType type, Repetition repetition, String name) {
    if (type instanceof ArrayType list) {
      return Types.list(repetition)
          .element(type(list.elementType(), Repetition.REQUIRED, "element"))
          .named(name);
    }
    if (type instanceof StringType) {
      return Types.primitive(PrimitiveTypeName.BINARY, repetition)
          .as(LogicalTypeAnnotation.stringType())
          .named(name);
    }
    return Types.primitive(physical(type), repetition).named(name);
  }

  private static PrimitiveTypeName physical(DataType type) {
    if (type instanceof BinaryType) {
      return PrimitiveTypeName.BINARY;
    }
    if (type instanceof BooleanType) {
      return PrimitiveTypeName.BOOLEAN;
    }
    if (type instanceof IntegerType) {
      return PrimitiveTypeName.INT32;
    }
    if (type instanceof LongType) {
      return PrimitiveTypeName.INT64;
    }
    if (type instanceof FloatType) {
      return PrimitiveTypeName.FLOAT;
    }
    if (type instanceof DoubleType) {
      return PrimitiveTypeName.DOUBLE;
    }
    throw new IllegalArgumentException("Cannot store the type " + type.sql() + " in a table.");
  }

  private void writeList(String column, DataType elementType, List<?> elements) {
    out.startGroup();
    if (!elements.isEmpty()) { // an empty list is a group without its repeated field
      out.startField("list", 0);
      for (Object element : elements) {
        if (element == null) {
          throw ParquetTable.broken(table, column, "has a null in its list");
        }
        out.startGroup();
        out.startField("element", 0);
        writeValue(elementType, element);
        out.endField("element", 0);
        out.endGroup();
      }
      out.endField("list", 0);
    }
    out.endGroup();
  }

  private void writeValue(DataType type, Object value) {
    if (type instanceof StringType) {
      out.addBinary(Binary.fromString((String) value));
    } else if (type instanceof BinaryType) {
      out.addBinary(Binary.fromConstantByteArray((byte[]) value));
    } else if (type instanceof BooleanType) {
      out.addBoolean((Boolean) value);
    } else if (type instanceof IntegerType) {
      out.addInteger((Integer) value);
    } else if (type instanceof LongType) {
      out.addLong((Long) value);
    } else if (type instanceof FloatType) {
      out.addFloat((Float) value);
    } else {
      out.addDouble((Double) value);
    }
  }
}
