/** The index stage on Spark: gallery vectors in files that any Parquet reader opens. */
package dev.weft.jobs.index;
