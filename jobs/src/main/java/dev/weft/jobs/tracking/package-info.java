/** Tells others of runs, without ever holding one up. */
package dev.weft.jobs.tracking;
