/** The evaluate stage on Spark: every query ranked exactly, scored, and shown on a page. */
package dev.weft.jobs.evaluate;
