/** Training: how parameters follow the gradients of a loss. */
package org.voxkern.train;
