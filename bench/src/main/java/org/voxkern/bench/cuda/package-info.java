/** What the CUDA kernels take of a GPU, and the least time they can need, without one. */
package org.voxkern.bench.cuda;
