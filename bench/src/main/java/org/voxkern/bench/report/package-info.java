/** What a run of benchmarks leaves behind: tables on the terminal, JSON, charts. */
package org.voxkern.bench.report;
