// Choosing among an operation's rows by measuring them, on request. An operation takes part by a
// function `std::string problemOf(const Args&)`, all that its choice depends on, and a function
// `void makeTensors(Args&, TuningMemory&)`, which points the arguments at tensors to measure with.
#pragma once

#include <functional>
#include <limits>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "registry/registry.h"
#include "voxkern/tuning.h"

struct vk_tuning {
  struct Entry {
    std::string implementation;
    double seconds;
    std::string modelled;
    double modelledSeconds;
  };

  explicit vk_tuning(bool measuring) : measures(measuring) {}

  const bool measures;
  mutable std::mutex mutex;
  /** By problem; an entry never changes once it is there. */
  std::map<std::string, Entry> entries;
};

namespace vk {

/** Tensors of one measurement, in the context's memory. */
class TuningMemory {
 public:
  explicit TuningMemory(Context& context) : context_(context) {}
  ~TuningMemory();
  TuningMemory(const TuningMemory&) = delete;
  TuningMemory& operator=(const TuningMemory&) = delete;

  /** Uninitialised. */
  void* take(int64_t bytes);
  /** Numbers in [-1, 1], of f32 or f64. */
  void* takeNoise(vk_element_type type, int64_t count);
  void giveBack(void* memory);

 private:
  Context& context_;
  std::vector<void*> blocks_;
};

/** The problem as it is known on a context: other instruction sets and devices have others. */
std::string tuningProblem(const Context& context, const char* operation,
                          const std::string& problem);
std::optional<vk_tuning::Entry> knownTuning(const vk_tuning& tuning, const std::string& problem);
void addTuning(vk_tuning& tuning, const std::string& problem, const vk_tuning::Entry& entry);
/** Least seconds of a few calls; no more than one call where the first takes far longer than
 * `best`. */
double measuredSeconds(Context& context, double best, const std::function<void()>& call);

/** Seconds that a row takes; infinite where its memory does not fit into the budget. */
template <class Args>
double rowSeconds(Context& context, const char* operation, const Implementation<Args>& row,
                  Args args, double best, TuningMemory& memory) {
  void* packed = nullptr;
  Workspace workspace;
  try {
    if (row.packedBytes != nullptr) packed = memory.take(row.packedBytes(args));
    if (row.workspaceBytes != nullptr) workspace.bytes = row.workspaceBytes(args);
    if (workspace.bytes > 0) workspace.data = memory.take(workspace.bytes);
  } catch (const Error& error) {
    if (error.status() != VK_OUT_OF_MEMORY) throw;
    memory.giveBack(packed);
    return std::numeric_limits<double>::infinity();
  }
  if (packed != nullptr) {
    args.packed = packed;
    call(context, operation, row.pack, args, Workspace{});
  }
  const double seconds =
      measuredSeconds(context, best, [&] { call(context, operation, row.run, args, workspace); });
  memory.giveBack(workspace.data);
  memory.giveBack(packed);
  return seconds;
}

/** Measures the rows that a context can run; slower instruction sets and the reference never win,
 * and are left out. */
template <class Args>
vk_tuning::Entry measure(Context& context, const char* operation, Implementations<Args> table,
                         const Args& args, const char* modelled) {
  const std::lock_guard<std::mutex> lock(context.running);
  TuningMemory memory(context);
  Args tensors = args;
  makeTensors(tensors, memory);
  vk_tuning::Entry entry{"", std::numeric_limits<double>::infinity(), modelled, 0};
  for (const Implementation<Args>& row : table) {
    const bool candidate = row.backend != VK_BACKEND_REFERENCE &&
                           (row.backend != VK_BACKEND_CPU || row.isa == context.isa);
    if (!candidate || !refuses(context, row, args).empty()) continue;
    checkCancelled(context);
    const double seconds = rowSeconds(context, operation, row, tensors, entry.seconds, memory);
    if (modelled == std::string_view(row.name)) entry.modelledSeconds = seconds;
    if (seconds < entry.seconds) {
      entry.seconds = seconds;
      entry.implementation = row.name;
    }
  }
  return entry;
}

/** As `choose`, but by what was measured where a tuning is given. `args` with `anyCost` false. */
template <class Args>
void chooseTuned(Context& context, vk_tuning* tuning, const char* operation,
                 Implementations<Args> host, Args args, vk_plan* plan) {
  choose(context, operation, host, args, plan);
  if (tuning == nullptr || context.backend == VK_BACKEND_REFERENCE) return;
  const Implementations<Args> table = tableOf(context, operation, host);
  const std::string problem = tuningProblem(context, operation, problemOf(args));
  std::optional<vk_tuning::Entry> entry = knownTuning(*tuning, problem);
  args.anyCost = true;
  if (!entry && tuning->measures) {
    entry = measure(context, operation, table, args, table[size_t(plan->implementation)].name);
    if (entry->implementation.empty()) return;
    addTuning(*tuning, problem, *entry);
  }
  if (!entry) return;
  // Rows of one name take different arguments.
  Refusal refusal = "this build does not have";
  for (size_t row = 0; row < table.size(); ++row) {
    if (entry->implementation != table[row].name) continue;
    refusal = refuses(context, table[row], args);
    if (!refusal.empty()) continue;
    *plan = planOf(table, row, args);
    return;
  }
  invalidArgument("%s: the tuning wants %s, which %s", operation, entry->implementation.c_str(),
                  refusal.c_str());
}

}  // namespace vk
