/**
 * Contrastive training of the starter encoder: the image tower and the text projection learn one
 * space from pictures with descriptions.
 *
 * <p>A step takes two passes over the slices of its batch, each a pure function: {@link
 * dev.weft.align.AlignStep#embed} and, once all vectors are known, {@link
 * dev.weft.align.AlignStep#gradient}.
 *
 * <p>Dimension letters used throughout: B rows of the batch over all workers, b rows of a slice, D
 * width of the common space, S side of a picture in pixels.
 */
package dev.weft.align;
