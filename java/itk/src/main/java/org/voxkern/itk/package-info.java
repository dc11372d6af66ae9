/** Reads and writes medical images with ITK's geometry, and calls ITK's own filters. */
package org.voxkern.itk;
