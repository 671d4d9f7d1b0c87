/**
 * The drawn data set: a catalogue of garments made from a seed, written as image files and
 * annotations in the layouts of FashionIQ and CIRCO, with exact ground truth.
 */
package dev.weft.ingest.wardrobe;
