/**
 * Fine-tunes fusion heads on Spark: synchronous steps, whose slices the driver sums in order; how
 * they travel is said in {@link dev.weft.jobs.train.DistributedSteps}.
 */
package dev.weft.jobs.train;
