/** Models in the format of ONNX, as graphs and weights. */
module org.voxkern.onnx {
  requires com.google.protobuf;
  requires org.tribuo.util.onnx;
  requires transitive org.voxkern.core;

  exports org.voxkern.onnx;
}
