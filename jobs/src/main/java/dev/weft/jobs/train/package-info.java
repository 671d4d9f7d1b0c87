/**
 * Fine-tunes fusion heads on Spark: one short job per step, whose slices the driver sums in order.
 */
package dev.weft.jobs.train;
