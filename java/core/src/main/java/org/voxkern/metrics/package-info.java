/** How good a registration or a segmentation is: overlap of labels, errors of points. */
package org.voxkern.metrics;
