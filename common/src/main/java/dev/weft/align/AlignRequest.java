package dev.weft.align;

import java.io.Serializable;

/**
 * What one step asks of every slice.
 *
 * @param epoch from 0
 * @param step number of the step since the start of the run, from 0
 * @param rows the rows of the batch, over all slices
 * @param parameters the flat vector of {@link AlignParameters}, little-endian float32
 */
@SuppressWarnings("ArrayRecordComponent") // moved, never compared
public record AlignRequest(int epoch, int step, int[] rows, byte[] parameters)
    implements Serializable {}
