/**
 * The command line, and what every job runs in: the session, and a stage under the snapshot
 * protocol.
 */
package dev.weft.jobs;
