/** When a newly trained head takes the place of the one that answers users. */
package dev.weft.release;
