package dev.weft.train;

/**
 * How good a head was at the end of an epoch.
 *
 * @param epoch epoch, from 0
 * @param score what the validation gave, the greater the better
 */
public record EpochScore(int epoch, double score) {}
