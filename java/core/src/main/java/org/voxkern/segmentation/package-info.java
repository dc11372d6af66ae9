/**
 * Segmentation of whole scans by networks: preprocessing that is undone on the labels, and
 * inference by windows or slab by slab in bounded memory.
 */
package org.voxkern.segmentation;
