/**
 * What every trained stage computes with: the native engine, flat parameter vectors and their
 * optimiser, and random choices named by a key.
 */
package dev.weft.compute;
