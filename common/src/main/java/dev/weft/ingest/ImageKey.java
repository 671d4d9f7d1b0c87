package dev.weft.ingest;

/**
 * Names an image. FashionIQ's shirt and toptee share ids, so the category is part of the key.
 *
 * @param dataset name of the data set
 * @param category category within the data set, empty where it has none
 * @param id the id the annotations use
 */
public record ImageKey(String dataset, String category, String id) {}
