/** What every room of Weft shares: how it fails. */
package dev.weft;
