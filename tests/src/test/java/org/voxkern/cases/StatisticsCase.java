package org.voxkern.cases;

import org.voxkern.Shape;
import org.voxkern.op.Statistics;

final class StatisticsCase implements CaseAdapter {
  @Override
  public void run(Case test) {
    Shape shape = test.line().shape("shape");
    double low = test.line().number("low", -100);
    double high = test.line().number("high", 100);
    double floor = test.line().number("floor", Double.NaN);
    Input image = test.spoil(test.uniform("image", shape, low, high));
    Input mask = test.mask("mask", shape);
    double largest = Math.max(Math.abs(low), Math.abs(high));
    test.run(
        call -> {
          Statistics.Result r = Statistics.of(call.tensor(image), call.tensor(mask), floor);
          call.value("counts", Bound.exact(), r.count(), r.nanCount(), r.infiniteCount());
          call.value("range", Bound.exact(), r.min(), r.max());
          call.value("mean", new Bound(1e-12, 1e-13 * largest, 0, 0), r.mean());
          call.value("variance", new Bound(1e-10, 1e-12, 0, 0), r.variance());
          call.value("weight", new Bound(1e-10, 1e-9 * (high - low), 0, 0), r.weight());
          call.value("center", new Bound(1e-10, 1e-9, 0, 0), r.centerOfMass());
          call.value("second", new Bound(1e-10, 1e-6, 0, 0), r.secondMoments());
        });
  }
}
