package dev.weft.ingest;

/**
 * The largest image that is read; both are checked before anything of that size is allocated.
 *
 * @param maxBytes bytes of the file
 * @param maxPixels width times height, as the header states them
 */
public record ImageLimits(long maxBytes, long maxPixels) {}
