/**
 * Trained networks from files of other libraries, as graphs and weights: models of Keras from
 * TensorFlow.js and from HDF5.
 */
package org.voxkern.models;
