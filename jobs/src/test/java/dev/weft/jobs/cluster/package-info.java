/** Real clusters on one machine, as processes of their own that can be killed. */
package dev.weft.jobs.cluster;
