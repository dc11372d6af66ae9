/** Training: the {@link org.voxkern.train.Trainer} makes a graph's loss small over batches. */
package org.voxkern.train;
