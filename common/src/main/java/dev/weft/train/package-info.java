/**
 * Fine-tuning of a fusion head: the contrastive step, the heads, and the loop that drives them.
 *
 * <p>A step is a pure function of (seed, epoch, step, parameters), so where it is computed, how
 * often and in how many slices does not matter. Nothing here knows Spark.
 */
package dev.weft.train;
