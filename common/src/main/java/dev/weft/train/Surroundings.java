package dev.weft.train;

import java.util.function.Consumer;
import java.util.function.IntFunction;
import java.util.function.LongSupplier;
import java.util.function.ToDoubleFunction;

/**
 * What a {@link Trainer} works with and reports to.
 *
 * @param workers compute the slices of a step
 * @param validation scores the head at the end of an epoch, the greater the better; asked only if
 *     the settings say so
 * @param checkpoints takes the states to keep, the last of them the end of the run
 * @param reports takes what each step did
 * @param names what people call a row of the table
 * @param nanoTime a clock that decides when a checkpoint is due, and nothing else
 */
public record Surroundings(
    StepWorkers workers,
    ToDoubleFunction<Checkpoint> validation,
    Consumer<Checkpoint> checkpoints,
    Consumer<StepReport> reports,
    IntFunction<String> names,
    LongSupplier nanoTime) {}
