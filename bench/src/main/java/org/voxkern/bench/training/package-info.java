/** Networks trained from scratch on real data, and how well they then do on other people. */
package org.voxkern.bench.training;
