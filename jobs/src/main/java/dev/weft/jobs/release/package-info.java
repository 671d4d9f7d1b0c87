/**
 * What answers users: releases, and the scheduled fine-tuning that replaces a champion by a
 * challenger.
 */
package dev.weft.jobs.release;
