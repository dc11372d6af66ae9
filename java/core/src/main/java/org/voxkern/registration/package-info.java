/**
 * Registration: finds the transform from a fixed image's space to a moving image's space.
 *
 * <p>{@link org.voxkern.registration.Registration} is the entry. Linear stages minimise over the
 * parameters of a {@link org.voxkern.transform.LinearTransform}, deformable ones over a control
 * grid or a dense field; both are composed of operations alone.
 */
package org.voxkern.registration;
