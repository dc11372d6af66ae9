/**
 * Contexts, tensors and images: what every other package of Voxkern works on.
 *
 * <p>A {@link org.voxkern.Context} chooses the backend, the threads and the memory budget; a {@link
 * org.voxkern.Tensor} is native memory owned by a {@link org.voxkern.Scope}; an {@link
 * org.voxkern.Image} is a tensor with ITK geometry.
 */
package org.voxkern;
