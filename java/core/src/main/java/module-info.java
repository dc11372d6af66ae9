/** Voxkern's core: tensors, images, operations, transforms, registration. */
module org.voxkern.core {
  requires org.slf4j;
  requires org.bytedeco.javacpp;
  requires org.voxkern.bindings;

  exports org.voxkern;
  exports org.voxkern.file;
  exports org.voxkern.graph;
  exports org.voxkern.metrics;
  exports org.voxkern.network;
  exports org.voxkern.op;
  exports org.voxkern.registration;
  exports org.voxkern.segmentation;
  exports org.voxkern.train;
  exports org.voxkern.train.loss;
  exports org.voxkern.transform;
}
