package dev.weft.store;

import org.apache.hadoop.conf.Configuration;
import org.apache.parquet.hadoop.ParquetWriter;
import org.apache.parquet.hadoop.api.WriteSupport;

/**
 * Begins Parquet files of an attempt.
 *
 * @param <T> rows
 */
public final class ParquetBuilder<T> extends ParquetWriter.Builder<T, ParquetBuilder<T>> {
  private final WriteSupport<T> support;

  /**
   * Of one file.
   *
   * @param file that receives the bytes
   * @param support that says how a row is written
   */
  public ParquetBuilder(HashingOutput file, WriteSupport<T> support) {
    super(new ParquetOutput(file));
    this.support = support;
  }

  @Override
  protected ParquetBuilder<T> self() {
    return this;
  }

  @Override
  @SuppressWarnings("deprecation") // deprecated, and abstract still
  protected WriteSupport<T> getWriteSupport(Configuration ignored) {
    return support;
  }
}
