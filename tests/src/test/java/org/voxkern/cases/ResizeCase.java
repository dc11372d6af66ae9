package org.voxkern.cases;

final class ResizeCase implements CaseAdapter {
  @Override
  public void run(Case test) {
    ResizeSetup setup = new ResizeSetup(test.line());
    Input input = test.spoil(test.uniform("input", setup.input, -100, 100));
    test.line().flag("identity", false);
    test.run(
        call ->
            setup.operation.apply(
                call.tensor(input), call.output("output", test.type(), setup.output, setup.bound)));
  }
}
