/** JMH benchmarks of the operations, and the ones that have a peer beside it in the same run. */
package org.voxkern.bench.operation;
