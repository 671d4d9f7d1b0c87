/** The search stage on Spark: one query from the command line, or many from a file. */
package dev.weft.jobs.search;
