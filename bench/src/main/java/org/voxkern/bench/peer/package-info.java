/** Running the peers: child processes, and alternation that treats every contender alike. */
package org.voxkern.bench.peer;
