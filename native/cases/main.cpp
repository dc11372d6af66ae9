// vk_cases [--device cuda|cuda-emulated [--bits FILE --fill BYTE]] CASE_FILE... [-- FILTER]: runs
// the case lines of the files on every host backend, or on the device and the reference.
//
// On the device a case runs twice, and the bits of both runs are compared. With --bits it runs
// once, in memory that is filled with BYTE, and a line for each case is written to FILE, which says
// its bits: whoever runs it again, with another byte and other threads first, compares the files.
//
// A filter is words of a case line, or a whole line: that line is replayed even when no file has
// it. Exit code 1 when a case fails.
#include <chrono>
#include <cstdio>
#include <cstring>
#include <exception>
#include <map>
#include <set>

#include "cases/case.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#include <sanitizer/common_interface_defs.h>
#endif
#if defined(__SANITIZE_THREAD__)
// The first race ends the process, as the first error of the other sanitizers does.
extern "C" const char* __tsan_default_options() { return "halt_on_error=1"; }
#endif

// Every registered operation has an adapter; a missing one is a failing case, not a link error, so
// that operations can be developed side by side.
namespace vk::cases {
#define VK_OPERATION(name, Args) __attribute__((weak)) void name##Case(Case&);
#include "registry/operations.inc"
#undef VK_OPERATION

namespace {

using Adapter = void (*)(Case&);

const std::map<std::string, Adapter>& adapters() {
  static const std::map<std::string, Adapter> all = {
#define VK_OPERATION(name, Args) {#name, &name##Case},
#include "registry/operations.inc"
#undef VK_OPERATION
  };
  return all;
}

struct Totals {
  int64_t cases = 0;
  int64_t failed = 0;
  std::map<std::string, int64_t> ran;
  std::map<std::string, int64_t> skipped;
  /** Null where nobody asks for them. */
  std::FILE* bits = nullptr;
};

std::vector<std::string> runCase(const std::string& text, Totals& totals) {
  try {
    const CaseLine line(text);
    const auto adapter = adapters().find(line.operation());
    if (adapter == adapters().end()) return {"no operation of this name is registered"};
    if (adapter->second == nullptr) return {"its adapter (kernels/*/*_case.cpp) is missing"};
    Case test(line);
    adapter->second(test);
    std::vector<std::string> failures = test.failures();
    if (test.ran().empty()) failures.push_back("the adapter ran nothing");
    for (const std::string& key : line.unread()) {
      if (key != "expect" && key != "break") failures.push_back("nothing reads the key " + key);
    }
    for (const std::string& name : test.ran()) ++totals.ran[name];
    if (totals.bits != nullptr) {
      std::fprintf(totals.bits, "%016llx %s\n", static_cast<unsigned long long>(test.bits()),
                   text.c_str());
    }
    for (const std::string& reason : test.skipped()) ++totals.skipped[reason];
    return failures;
  } catch (const CaseFailed& failed) {
    return {failed.message};
  } catch (const CallFailed& failed) {
    return {failed.message};
  } catch (const std::exception& exception) {
    return {exception.what()};
  }
}

// A sanitizer ends the process at its first finding: say in which case.
const char* runningCase = "";

[[maybe_unused]] void reportRunningCase() { std::fprintf(stderr, "FAILED %s\n", runningCase); }

void runAndReport(const std::string& text, Totals& totals) {
  ++totals.cases;
  runningCase = text.c_str();
  const std::vector<std::string> failures = runCase(text, totals);
  if (failures.empty()) return;
  ++totals.failed;
  std::printf("FAILED %s\n", text.c_str());
  for (const std::string& failure : failures) std::printf("  %s\n", failure.c_str());
}

void print(const char* label, const std::map<std::string, int64_t>& counts) {
  for (const auto& [name, count] : counts) {
    std::printf("  %s %s: %lld cases\n", label, name.c_str(), static_cast<long long>(count));
  }
}

int main(int count, char** arguments) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  __sanitizer_set_death_callback(reportRunningCase);
#endif
  const auto begin = std::chrono::steady_clock::now();
  std::vector<std::string> lines;
  std::string filter;
  bool onEmulator = false;
  Totals totals;
  int fill = 0xFF;
  for (int i = 1; i < count; ++i) {
    if (std::strcmp(arguments[i], "--") == 0) {
      while (++i < count) filter += std::string(filter.empty() ? "" : " ") + arguments[i];
    } else if (std::strcmp(arguments[i], "--device") == 0 && i + 1 < count) {
      const std::string device = arguments[++i];
      if (device != "cuda" && device != "cuda-emulated") {
        throw std::runtime_error("--device " + device + ": expected cuda or cuda-emulated");
      }
      onEmulator = device == "cuda-emulated";
      Case::chooseBackend(device == "cuda" ? VK_BACKEND_CUDA : VK_BACKEND_CUDA_EMULATED);
    } else if (std::strcmp(arguments[i], "--bits") == 0 && i + 1 < count) {
      totals.bits = std::fopen(arguments[++i], "w");
      if (totals.bits == nullptr) {
        throw std::runtime_error(std::string("cannot write ") + arguments[i]);
      }
    } else if (std::strcmp(arguments[i], "--fill") == 0 && i + 1 < count) {
      fill = std::stoi(arguments[++i]);
    } else {
      for (std::string& line : readCaseFile(arguments[i])) lines.push_back(std::move(line));
    }
  }
  std::vector<std::string> chosen;
  for (const std::string& line : lines) {
    if (CaseLine(line).matches(filter)) chosen.push_back(line);
  }
  if (chosen.empty() && !filter.empty()) chosen.push_back(filter);

  if (totals.bits != nullptr) Case::runOnce(static_cast<unsigned char>(fill));
  std::set<std::string> operations;
  for (const std::string& line : chosen) {
    if (onEmulator && !CaseLine(line).flag("emulated", true)) {
      ++totals.skipped["cuda-emulated: too large (emulated=no)"];
      continue;
    }
    runAndReport(line, totals);
    operations.insert(line.substr(0, line.find(' ')));
  }
  if (totals.bits != nullptr && std::fclose(totals.bits) != 0) {
    throw std::runtime_error("the bits could not be written");
  }
  print("ran on", totals.ran);
  print("skipped", totals.skipped);
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - begin;
  std::printf("%lld cases of %zu operations, %lld failed, %.1f s\n",
              static_cast<long long>(totals.cases), operations.size(),
              static_cast<long long>(totals.failed), seconds.count());
  return totals.failed > 0 || totals.cases == 0 ? 1 : 0;
}

}  // namespace
}  // namespace vk::cases

int main(int count, char** arguments) {
  try {
    return vk::cases::main(count, arguments);
  } catch (const std::exception& exception) {
    std::fprintf(stderr, "vk_cases: %s\n", exception.what());
    return 2;
  }
}
