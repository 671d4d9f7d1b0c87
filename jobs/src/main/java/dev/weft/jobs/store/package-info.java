/** Tables as Parquet files in snapshots: written by tasks without a committer, read by a list. */
package dev.weft.jobs.store;
