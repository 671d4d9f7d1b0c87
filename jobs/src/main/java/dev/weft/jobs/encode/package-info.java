/**
 * The encode stage on Spark: the vector of every image and text, each content once; and where tasks
 * get an encoder from.
 */
package dev.weft.jobs.encode;
