/**
 * Registration: finds the transform from a fixed image's space to a moving image's space.
 *
 * <p>{@link org.voxkern.registration.Registration} is the entry. Linear stages minimise over the
 * parameters of a {@link org.voxkern.transform.LinearTransform}. The deformable stage searches for
 * a {@link org.voxkern.registration.DeformationModel} in one of two ways: coefficients of a control
 * grid by L-BFGS with bending energy, or a dense field by a gradient flow with smoothing and step
 * control. A model is one class: what field its variables stand for and the derivative, or how a
 * small update changes its field. All are composed of operations alone.
 */
package org.voxkern.registration;
