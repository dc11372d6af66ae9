/** Trained networks in the formats of Keras, as graphs and weights. */
module org.voxkern.models {
  requires com.fasterxml.jackson.jr.ob;
  requires io.jhdf;
  requires transitive org.voxkern.core;

  exports org.voxkern.models;
}
