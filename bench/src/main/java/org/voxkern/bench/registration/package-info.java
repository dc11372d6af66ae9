/** Whole registrations beside elastix, plastimatch and ITK: known truth and overlap of labels. */
package org.voxkern.bench.registration;
