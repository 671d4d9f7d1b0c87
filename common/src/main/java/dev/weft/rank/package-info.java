/**
 * Exact ranking: which images of a gallery are nearest to a query, in one total order.
 *
 * <p>What align, train, evaluate and search share. The order is stated in {@link
 * dev.weft.rank.Hit}.
 */
package dev.weft.rank;
