/** What the model graph costs beside the operations that it runs. */
package org.voxkern.bench.graph;
