/** Looks at configuration, data and cluster, and says what will fail, before it does. */
package dev.weft.jobs.doctor;
