/** The searchable gallery as a table of vectors: what a reader may rely on, and who may read it. */
package dev.weft.index;
