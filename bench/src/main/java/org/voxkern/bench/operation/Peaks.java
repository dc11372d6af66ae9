package org.voxkern.bench.operation;

import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.voxkern.bench.peer.ChildProcess;
import org.voxkern.bench.peer.Root;

/**
 * What this machine can do on some threads, measured by {@code native/peaks}.
 *
 * @param gflopPerS of single precision
 * @param bf16GflopPerS of bfloat16 in vectors; 0 where the processor does not have it
 * @param amxGflopPerS of bfloat16 in matrices; 0 where the processor does not have it
 */
public record Peaks(
    double readGbPerS,
    double writeGbPerS,
    double copyGbPerS,
    double gflopPerS,
    double bf16GflopPerS,
    double amxGflopPerS) {

  public static Peaks measure(int threads) throws IOException, InterruptedException {
    ChildProcess program =
        ChildProcess.run(
            List.of(Root.program("voxkern_peaks").toString(), String.valueOf(threads)));
    return new Peaks(
        program.value("read_gb_per_s"),
        program.value("write_gb_per_s"),
        program.value("copy_gb_per_s"),
        program.value("fma_gflop_per_s"),
        program.value("bf16_gflop_per_s"),
        program.value("amx_bf16_gflop_per_s"));
  }

  /** Of the fastest multiply-adds that a job may use. */
  public double gflopPerS(boolean bfloat16) {
    return bfloat16 ? Math.max(gflopPerS, Math.max(bf16GflopPerS, amxGflopPerS)) : gflopPerS;
  }

  public Map<String, Object> toMap() {
    Map<String, Object> map = new LinkedHashMap<>();
    map.put("read_gb_per_s", readGbPerS);
    map.put("write_gb_per_s", writeGbPerS);
    map.put("copy_gb_per_s", copyGbPerS);
    map.put("fma_gflop_per_s", gflopPerS);
    map.put("bf16_gflop_per_s", bf16GflopPerS);
    map.put("amx_bf16_gflop_per_s", amxGflopPerS);
    return map;
  }
}
