/**
 * Published networks, ready to be trained or given weights: each class says its layout, its source
 * and how many parameters it has.
 */
package org.voxkern.network;
