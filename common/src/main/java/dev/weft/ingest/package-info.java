/** From annotation files and image folders to validated triplets, galleries and images. */
package dev.weft.ingest;
