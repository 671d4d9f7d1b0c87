/** The native engine under the tensors: chosen and started in one place. */
package dev.weft.compute;
