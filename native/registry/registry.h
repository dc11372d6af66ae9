// The registry: for each operation an ordered table of implementations, fastest first, reference
// last. Each entry accepts the arguments or refuses them with a reason; the first that accepts is
// the one that runs.
#pragma once

#include <cstdint>
#include <iterator>
#include <mutex>
#include <span>
#include <string>
#include <vector>

#include "core/context.h"
#include "core/device.h"
#include "core/parallel.h"
#include "core/simd.h"
#include "core/status.h"
#include "core/view.h"
#include "voxkern/base.h"

namespace vk {

/** Scratch memory a kernel asked for in its plan; never initialised. */
struct Workspace {
  void* data = nullptr;
  int64_t bytes = 0;

  template <class T>
  T* as(int64_t byteOffset = 0) const {
    return reinterpret_cast<T*>(static_cast<char*>(data) + byteOffset);
  }
};

template <class Args>
using Kernel = void(const Args&, Context&, const Workspace&);

/** Empty when the arguments are accepted, otherwise why not, e.g. "takes f32 only". */
using Refusal = std::string;

template <class Args>
struct Implementation {
  const char* name;
  vk_backend backend;
  /** Least instruction set, for the CPU backend. */
  vk_isa isa;
  /** Null where this build does not have it. */
  Kernel<Args>* run;
  Refusal (*accepts)(const Args&);
  int64_t (*workspaceBytes)(const Args&);
  /** Of an operation with constants (weights) that are packed once; null for others. */
  int64_t (*packedBytes)(const Args&) = nullptr;
  /** Packs the constants of the arguments as `run` wants them. */
  Kernel<Args>* pack = nullptr;
};

/** Runs a kernel of a plugin's table with the exceptions caught on its side. */
template <class Args>
using DeviceCall = vk_status(Kernel<Args>*, const Args&, Context&, const Workspace&);

template <class Args>
using Implementations = std::span<const Implementation<Args>>;

/** The four host rows that an operation with one SIMD kernel and one reference has. */
template <class Args>
struct HostImplementations {
  Implementation<Args> rows[5];

  HostImplementations(const SimdTable<Kernel<Args>>& simd, Refusal (*simdAccepts)(const Args&),
                      int64_t (*simdWorkspaceBytes)(const Args&), Kernel<Args>* reference)
      : rows{{"cpu-avx512", VK_BACKEND_CPU, VK_ISA_AVX512, simd.avx512, simdAccepts,
              simdWorkspaceBytes},
             {"cpu-avx2", VK_BACKEND_CPU, VK_ISA_AVX2, simd.avx2, simdAccepts, simdWorkspaceBytes},
             {"cpu-neon", VK_BACKEND_CPU, VK_ISA_NEON, simd.neon, simdAccepts, simdWorkspaceBytes},
             {"cpu-portable", VK_BACKEND_CPU, VK_ISA_PORTABLE, simd.portable, simdAccepts,
              simdWorkspaceBytes},
             {"reference", VK_BACKEND_REFERENCE, VK_ISA_PORTABLE, reference, nullptr, nullptr}} {}

  HostImplementations& withPacking(int64_t (*packedBytes)(const Args&),
                                   const SimdTable<Kernel<Args>>& simd, Kernel<Args>* reference) {
    Kernel<Args>* const packs[] = {simd.avx512, simd.avx2, simd.neon, simd.portable, reference};
    for (size_t row = 0; row < std::size(rows); ++row) {
      rows[row].packedBytes = packedBytes;
      rows[row].pack = packs[row];
    }
    return *this;
  }

  operator Implementations<Args>() const { return rows; }
};

/** The rows of an operation that has several SIMD kernels. */
template <class Args>
class ImplementationList {
 public:
  /** Host rows by names of their own: avx512, avx2, neon, portable. The reference is left out. */
  void add(const HostImplementations<Args>& host, const char* const names[4]) {
    for (size_t i = 0; i < 4; ++i) {
      rows_.push_back(host.rows[i]);
      rows_.back().name = names[i];
    }
  }
  /** Host rows with the reference, which is the last row of every table. */
  void addLast(const HostImplementations<Args>& host) {
    rows_.insert(rows_.end(), std::begin(host.rows), std::end(host.rows));
  }
  void add(const Implementation<Args>& row) { rows_.push_back(row); }

  operator Implementations<Args>() const { return rows_; }

 private:
  std::vector<Implementation<Args>> rows_;
};

/** Why this context cannot run a row, whatever the arguments; empty if it can. */
Refusal refuses(const Context& context, vk_backend backend, vk_isa isa, bool built);

/** Why this context cannot run a row with these arguments; empty if it can. */
template <class Args>
Refusal refuses(const Context& context, const Implementation<Args>& row, const Args& args) {
  Refusal refusal = refuses(context, row.backend, row.isa, row.run != nullptr);
  if (refusal.empty() && row.accepts != nullptr) refusal = row.accepts(args);
  return refusal;
}

/** The plan that takes a row of the table. */
template <class Args>
vk_plan planOf(Implementations<Args> table, size_t row, const Args& args) {
  const Implementation<Args>& entry = table[row];
  return {sizeof(vk_plan), static_cast<int32_t>(row),
          entry.workspaceBytes ? entry.workspaceBytes(args) : 0,
          entry.packedBytes ? entry.packedBytes(args) : 0};
}

/** What the context chooses from: the host's table, or that of its device. */
template <class Args>
Implementations<Args> tableOf(const Context& context, const char* operation,
                              Implementations<Args> host) {
  if (context.device == nullptr) return host;
  const DeviceTable* const table = deviceTable(context, operation);
  if (table == nullptr) unsupported("%s: has no CUDA implementation", operation);
  return {static_cast<const Implementation<Args>*>(table->rows), static_cast<size_t>(table->count)};
}

/** Calls a kernel of the chosen row, in the plugin where it is one of a device. */
template <class Args>
void call(Context& context, const char* operation, Kernel<Args>* kernel, const Args& args,
          const Workspace& workspace) {
  if (context.device == nullptr) {
    kernel(args, context, workspace);
    return;
  }
  checkDevice(*context.plugin, context.device->usable());
  const auto inPlugin = reinterpret_cast<DeviceCall<Args>*>(deviceTable(context, operation)->call);
  checkDevice(*context.plugin, inPlugin(kernel, args, context, workspace));
}

/** First phase: the first row that accepts. Throws VK_UNSUPPORTED with every row's reason when none
 * does. */
template <class Args>
void choose(const Context& context, const char* operation, Implementations<Args> host,
            const Args& args, vk_plan* plan) {
  const Implementations<Args> table = tableOf(context, operation, host);
  std::string reasons;
  for (size_t row = 0; row < table.size(); ++row) {
    const Refusal refusal = refuses(context, table[row], args);
    if (refusal.empty()) {
      *plan = planOf(table, row, args);
      return;
    }
    reasons += std::string(reasons.empty() ? "" : "; ") + table[row].name + " " + refusal;
  }
  unsupported("%s: no implementation takes these arguments: %s", operation, reasons.c_str());
}

void checkWorkspace(const char* operation, const vk_plan& plan, const vk_view* workspace);

/** The row that a plan chose. */
template <class Args>
const Implementation<Args>& chosen(const char* operation, Implementations<Args> table,
                                   const vk_plan* plan) {
  if (plan == nullptr || plan->struct_size != sizeof(vk_plan) || plan->implementation < 0 ||
      plan->implementation >= static_cast<int32_t>(table.size())) {
    invalidArgument("%s: the plan was not made by this operation", operation);
  }
  return table[static_cast<size_t>(plan->implementation)];
}

/** Packs the constants of the arguments, which need hold nothing else, for the plan's row. */
template <class Args>
void pack(Context& context, const char* operation, Implementations<Args> host, const Args& args,
          const vk_plan* plan) {
  const Implementations<Args> table = tableOf(context, operation, host);
  const Implementation<Args>& entry = chosen(operation, table, plan);
  Refusal refusal = refuses(context, entry.backend, entry.isa, entry.run != nullptr);
  if (refusal.empty() && entry.packedBytes(args) != plan->packed_bytes) {
    refusal = "packs into another size than the plan says";
  }
  if (!refusal.empty())
    invalidArgument("%s: the plan was made for other arguments: %s", operation, refusal.c_str());
  const std::lock_guard<std::mutex> lock(context.running);
  call(context, operation, entry.pack, args, Workspace{});
}

/** Second phase. */
template <class Args>
void run(Context& context, const char* operation, Implementations<Args> host, const Args& args,
         const vk_plan* plan, const vk_view* workspace) {
  const Implementations<Args> table = tableOf(context, operation, host);
  const Implementation<Args>& entry = chosen(operation, table, plan);
  // The plan may have been made for other arguments: what the kernel relies on is checked again,
  // cheaply.
  Refusal refusal = refuses(context, entry, args);
  if (refusal.empty() && entry.workspaceBytes != nullptr &&
      entry.workspaceBytes(args) > plan->workspace_bytes) {
    refusal = "needs more workspace than the plan says";
  }
  if (refusal.empty() && entry.packedBytes != nullptr &&
      entry.packedBytes(args) != plan->packed_bytes) {
    refusal = "has constants of another size than the plan says";
  }
  if (!refusal.empty())
    invalidArgument("%s: the plan was made for other arguments: %s", operation, refusal.c_str());
  checkWorkspace(operation, *plan, workspace);
  const std::lock_guard<std::mutex> lock(context.running);
  checkCancelled(context);
  call(context, operation, entry.run, args,
       plan->workspace_bytes > 0 ? Workspace{workspace->data, plan->workspace_bytes} : Workspace{});
  checkCancelled(context);
}

}  // namespace vk
