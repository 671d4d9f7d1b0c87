/**
 * From images and texts to unit vectors of one common space.
 *
 * <p>Dimension letters used throughout: n rows, B batch, D width of the common space, S side of the
 * square that the image tower sees, in pixels, P patches per image.
 */
package dev.weft.encode;
