/** The align stage on Spark: trains the starter encoder, two short jobs per step. */
package dev.weft.jobs.align;
