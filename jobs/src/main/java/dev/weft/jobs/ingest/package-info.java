/** The ingest stage on Spark: annotations on the driver, images checked in tasks. */
package dev.weft.jobs.ingest;
