/** Questions to an index: one from the command line, or many from a file. */
package dev.weft.search;
