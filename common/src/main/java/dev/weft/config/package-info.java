/** Settings: strict YAML bound to validated records, every problem reported at once. */
package dev.weft.config;
