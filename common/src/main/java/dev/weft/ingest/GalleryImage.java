package dev.weft.ingest;

/**
 * One candidate of one split: a row of the table {@code galleries}.
 *
 * @param dataset name of the data set
 * @param category category within the data set, empty where it has none
 * @param split {@code train}, {@code val} or {@code test}
 * @param position zero-based place in the published list, without gaps
 * @param image id of the image
 */
public record GalleryImage(
    String dataset, String category, String split, int position, String image) {}
