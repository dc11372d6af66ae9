/**
 * Losses: what training makes small. Each adds nodes to a graph and gives a single number, averaged
 * over what is compared.
 */
package org.voxkern.train.loss;
