/** The command line, reports, synthetic pairs with known truth, and the demo. */
module org.voxkern.study {
  requires java.desktop;
  requires com.fasterxml.jackson.core;
  requires info.picocli;
  requires me.tongfei.progressbar;
  requires org.knowm.xchart;
  requires transitive org.voxkern.core;
  requires transitive org.voxkern.itk;
  requires org.voxkern.models;
  requires org.voxkern.onnx;

  exports org.voxkern.study;
  exports org.voxkern.study.report;
  exports org.voxkern.study.synthetic;
  exports org.voxkern.study.training;

  opens org.voxkern.study.command to
      info.picocli;
}
