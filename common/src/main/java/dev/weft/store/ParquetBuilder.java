package dev.weft.store;

import org.apache.hadoop.conf.Configuration;
import org.apache.parquet.hadoop.ParquetWriter;
import org.apache.parquet.hadoop.api.DelegatingWriteSupport;
import org.apache.parquet.hadoop.api.WriteSupport;

/**
 * Begins Parquet files of an attempt. Equal rows give equal files, in whatever process.
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
    this(new ParquetOutput(file), support);
  }

  private ParquetBuilder(ParquetOutput file, WriteSupport<T> support) {
    super(file);
    this.support =
        new DelegatingWriteSupport<>(support) {
          /** Called once, between the last row group and the footer. */
          @Override
          public FinalizedWriteContext finalizeWrite() {
            file.hold();
            return super.finalizeWrite();
          }
        };
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
