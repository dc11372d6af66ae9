/**
 * Transforms of physical space, fixed to moving, in mm LPS, with ITK's parametrisation.
 *
 * <p>A transform maps a point of the fixed image to the point of the moving image that it
 * corresponds to. Types, parameters, their order and the fixed parameters are ITK's, so that a
 * transform written to a file means the same there.
 */
package org.voxkern.transform;
