/**
 * Numbers one can trust: named protocols, their metrics, and the page and tables that show them.
 *
 * <p>A number never travels without the name of its protocol, its counts, its tie rule, and a mark
 * if it was computed on anything but the published cohort.
 */
package dev.weft.evaluate;
