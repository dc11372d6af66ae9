#include "cases/case.h"

#include <algorithm>
#include <cmath>
#include <cstdarg>
#include <cstdio>
#include <cstring>

namespace vk::cases {
namespace {

const char* statusName(vk_status status) {
  static const char* const names[] = {"ok",           "invalid",   "unsupported", "out-of-memory",
                                      "device-fault", "cancelled", "internal"};
  return names[status];
}

const char* isaName(vk_isa isa) {
  static const char* const names[] = {"auto", "portable", "neon", "avx2", "avx512"};
  return names[isa];
}

/** AUTO: the host's. */
vk_backend chosenBackend = VK_BACKEND_AUTO;
/** What memory is filled with before each run on a device. */
std::vector<unsigned char> deviceFills = {0xFF, 0x00};

/** FNV-1a, of 64 bits. NaN is NaN, whatever bits the compiler's order of operands gives it. */
uint64_t hashed(uint64_t hash, const Buffer& buffer) {
  const unsigned char* const bytes = buffer.as<unsigned char>();
  const bool isFloat = buffer.type() == VK_F32 || buffer.type() == VK_F64;
  const int64_t each = sizeOf(buffer.type());
  for (int64_t i = 0; i < buffer.count(); ++i) {
    const bool isNan = isFloat && std::isnan(buffer.get(i));
    for (int64_t byte = 0; byte < each; ++byte) {
      hash = (hash ^ (isNan ? 0xFF : bytes[i * each + byte])) * 0x100000001B3u;
    }
  }
  return hash;
}

struct ContextHolder {
  vk_context* context = nullptr;
  vk_status status;

  ContextHolder(vk_backend backend, vk_isa isa, int32_t threads) {
    const vk_context_options options{sizeof(vk_context_options), backend, isa, threads, 0, 0};
    status = vk_context_create(&options, &context);
  }
  ~ContextHolder() { vk_context_destroy(context); }
  ContextHolder(const ContextHolder&) = delete;
};

int64_t elements(const vk_view& view) {
  int64_t count = 1;
  for (int32_t axis = 0; axis < view.rank; ++axis) count *= std::max<int64_t>(view.sizes[axis], 0);
  return count;
}

std::string formatted(const char* message, va_list arguments) {
  char text[512];
  std::vsnprintf(text, sizeof text, message, arguments);
  return text;
}

/** The gradient is the reference's, which a run on a device need not prove once more. */
bool onDevice() {
  return chosenBackend == VK_BACKEND_CUDA || chosenBackend == VK_BACKEND_CUDA_EMULATED;
}

}  // namespace

Call::Call(vk_context* context, unsigned char fill, const CaseLine& line)
    : context_(context), fill_(fill), line_(line) {}

const vk_view* Call::output(const std::string& name, vk_element_type type, const Sizes& sizes,
                            Bound bound) {
  const int64_t alignment = line_.flag("aligned", false) ? 0 : sizeOf(type);
  Output& output =
      outputs_.emplace_back(Output{Buffer(name, type, sizes, alignment, fill_), bound});
  breakView(line_, output.buffer);
  if (onDevice()) output.buffer.moveToDevice(context_);
  return output.buffer.view();
}

bool Call::onDevice() const {
  const vk_backend backend = vk_context_backend(context_);
  return backend == VK_BACKEND_CUDA || backend == VK_BACKEND_CUDA_EMULATED;
}

void Call::fill(const vk_view* view, const Buffer& values) {
  // A view that the line breaks may be missing, shorter or of another type.
  if (view->data == nullptr || view->type != values.type()) return;
  const int64_t bytes = std::min(elements(*view), values.count()) * sizeOf(view->type);
  ok(vk_copy(context_, view->data, values.as<void>(), bytes));
}

void Call::fetch() {
  for (Output& output : outputs_) output.buffer.moveToHost(context_);
  for (Buffer& workspace : workspaces_) workspace.moveToHost(context_);
}

double* Call::values(const std::string& name, int64_t count, Bound bound) {
  // Behind a plain pointer is host memory.
  Output& output =
      outputs_.emplace_back(Output{Buffer(name, VK_F64, {count}, sizeOf(VK_F64), fill_), bound});
  breakView(line_, output.buffer);
  return output.buffer.as<double>();
}

const vk_view* Call::workspace(const vk_plan& plan) {
  workspaces_.emplace_back("workspace", VK_U8, Sizes{plan.workspace_bytes}, 0, fill_);
  if (onDevice()) workspaces_.back().moveToDevice(context_);
  return workspaces_.back().view();
}

void Call::ok(vk_status status) const {
  if (status != VK_OK) throw CallFailed{status, vk_last_error()};
}

const Buffer& Call::result(const std::string& name) const {
  for (const Output& output : outputs_) {
    if (output.buffer.name() == name) return output.buffer;
  }
  throw CaseFailed{"the operation has no output named " + name};
}

Case::Case(const CaseLine& line) : line_(line), type_(elementTypeNamed(line.word("type", "f32"))) {}

Case::~Case() { vk_context_destroy(referenceContext_); }

void Case::fail(const std::string& message) { failures_.push_back(message); }

void Case::expect(bool condition, const char* message, ...) {
  if (condition) return;
  va_list arguments;
  va_start(arguments, message);
  fail(formatted(message, arguments));
  va_end(arguments);
}

void Case::checkMemory(const std::string& where, const Call& call) {
  const auto check = [&](const Buffer& buffer) {
    const std::string damage = buffer.guardDamage();
    if (!damage.empty()) fail(where + " wrote " + damage);
  };
  for (const Call::Output& output : call.outputs_) check(output.buffer);
  for (const Buffer& workspace : call.workspaces_) check(workspace);
  for (const Buffer& input : inputs_) {
    check(input);
    if (input.changed()) fail(where + " changed its input " + input.name());
  }
}

Call& Case::reference(const Run& operation) {
  if (referenceContext_ == nullptr) {
    const vk_context_options options{
        sizeof(vk_context_options), VK_BACKEND_REFERENCE, VK_ISA_AUTO, 1, 0, 0};
    if (vk_context_create(&options, &referenceContext_) != VK_OK) {
      throw CaseFailed{std::string("no reference context: ") + vk_last_error()};
    }
  }
  Call& call = kept_.emplace_back(referenceContext_, 0xFF, line_);
  try {
    operation(call);
  } catch (const CallFailed& failed) {
    throw CaseFailed{"reference: " + failed.message};
  }
  return call;
}

void Case::run(const Run& operation) {
  for (Buffer& input : inputs_) input.freeze();
  if (line_.word("expect", "ok") != "ok") {
    runExpectingFailure(operation);
    return;
  }
  const Call& expected = reference(operation);
  checkMemory("reference", expected);
  ran_.push_back("reference");
  if (chosenBackend == VK_BACKEND_AUTO || chosenBackend == VK_BACKEND_CPU) {
    for (const vk_isa isa : {VK_ISA_PORTABLE, VK_ISA_NEON, VK_ISA_AVX2, VK_ISA_AVX512}) {
      runIsa(isa, operation, expected);
    }
  }
  if (chosenBackend == VK_BACKEND_CUDA || chosenBackend == VK_BACKEND_CUDA_EMULATED) {
    runDevice(chosenBackend, operation, expected);
  }
}

void Case::chooseBackend(vk_backend backend) { chosenBackend = backend; }

void Case::runOnce(unsigned char fill) { deviceFills = {fill}; }

void Case::compare(const std::string& name, const Call& call, const Call& expected) {
  for (const Call::Output& output : call.outputs_) {
    const std::string text =
        difference(output.buffer, expected.result(output.buffer.name()), output.bound);
    if (!text.empty()) fail(name + ": " + output.buffer.name() + ": " + text);
  }
}

void Case::runDevice(vk_backend backend, const Run& operation, const Call& expected) {
  const std::string name = backend == VK_BACKEND_CUDA ? "cuda" : "cuda-emulated";
  const ContextHolder holder(backend, VK_ISA_AUTO, 1);
  if (holder.status != VK_OK) throw CaseFailed{name + ": " + vk_last_error()};
  // Twice, with other rubbish in the memory, and in the emulator with threads in another order;
  // or once, and the bits are compared with another process's.
  std::deque<Call> calls;
  for (const unsigned char fill : deviceFills) {
    Call& call = calls.emplace_back(holder.context, fill, line_);
    for (Buffer& input : inputs_) input.moveToDevice(holder.context);
    std::string refused;
    try {
      operation(call);
      call.ok(vk_synchronize(holder.context));
    } catch (const CallFailed& failed) {
      if (failed.status == VK_UNSUPPORTED) {
        refused = failed.message;
      } else {
        fail(name + ": " + statusName(failed.status) + ": " + failed.message);
      }
    }
    for (Buffer& input : inputs_) input.moveToHost(holder.context);
    call.fetch();
    if (!refused.empty()) {
      skipped_.push_back(name + ": " + refused);
      return;
    }
    checkMemory(name, call);
  }
  compare(name, calls[0], expected);
  for (size_t i = 0; i < calls[0].outputs_.size(); ++i) {
    const Buffer& one = calls[0].outputs_[i].buffer;
    bits_ = hashed(bits_, one);
    if (calls.size() == 1) continue;
    const Buffer& other = calls[1].outputs_[i].buffer;
    if (std::memcmp(one.as<void>(), other.as<void>(), static_cast<size_t>(one.bytes())) != 0) {
      fail(name + ": " + one.name() +
           " has other bits in a second run, or depends on what memory held before");
    }
  }
  ran_.push_back(name);
}

void Case::runIsa(vk_isa isa, const Run& operation, const Call& expected) {
  const std::string name = std::string("cpu-") + isaName(isa);
  // Outputs and workspaces start with other rubbish in each run, so a kernel that reads memory it
  // has not written shows as a difference of bits.
  const unsigned char fills[] = {0xFF, 0x7F, 0x00};
  std::deque<Call> calls;
  for (int32_t threads = 1; threads <= 3; ++threads) {
    const ContextHolder holder(VK_BACKEND_CPU, isa, threads);
    if (holder.status == VK_UNSUPPORTED) {
      skipped_.push_back(name + ": " + vk_last_error());
      return;
    }
    if (holder.status != VK_OK) throw CaseFailed{name + ": " + vk_last_error()};
    const std::string where = name + " on " + std::to_string(threads) + " threads";
    Call& call = calls.emplace_back(holder.context, fills[threads - 1], line_);
    try {
      operation(call);
    } catch (const CallFailed& failed) {
      // The fast kernels may refuse f64, which is there for the reference's gradient checks.
      if (failed.status == VK_UNSUPPORTED && type_ == VK_F64) {
        skipped_.push_back(name + ": refuses f64");
        return;
      }
      fail(where + ": " + statusName(failed.status) + ": " + failed.message);
      return;
    }
    checkMemory(where, call);
    if (threads > 1) continue;
    compare(name, call, expected);
  }
  for (size_t threads = 2; threads <= calls.size(); ++threads) {
    for (size_t i = 0; i < calls[0].outputs_.size(); ++i) {
      const Buffer& one = calls[0].outputs_[i].buffer;
      const Buffer& more = calls[threads - 1].outputs_[i].buffer;
      if (std::memcmp(one.as<void>(), more.as<void>(), static_cast<size_t>(one.bytes())) != 0) {
        fail(name + ": " + one.name() + " has other bits on " + std::to_string(threads) +
             " threads than on 1, or depends on what memory held before");
      }
    }
  }
  ran_.push_back(name);
}

void Case::runExpectingFailure(const Run& operation) {
  const std::string wanted = line_.word("expect", "");
  for (const vk_backend backend : {VK_BACKEND_REFERENCE, VK_BACKEND_CPU}) {
    const char* const name = backend == VK_BACKEND_CPU ? "cpu" : "reference";
    const ContextHolder holder(backend, VK_ISA_AUTO, 1);
    Call call(holder.context, 0xFF, line_);
    try {
      operation(call);
      fail(std::string(name) + ": accepted what it should refuse as " + wanted);
    } catch (const CallFailed& failed) {
      expect(wanted == statusName(failed.status), "%s: expected status %s, got %s: %s", name,
             wanted.c_str(), statusName(failed.status), failed.message.c_str());
      expect(failed.message.rfind(line_.operation() + ":", 0) == 0,
             "%s: the message does not begin with the operation's name: %s", name,
             failed.message.c_str());
    }
    checkMemory(name, call);
    ran_.push_back(name);
  }
}

double dot(const Buffer& a, const Buffer& b) {
  double sum = 0;
  for (int64_t i = 0; i < a.count(); ++i) sum += a.get(i) * b.get(i);
  return sum;
}

void Case::checkAdjoint(const Buffer& forward, const Buffer& y, const Buffer& x,
                        const Buffer& backward) {
  if (onDevice()) return;
  if (forward.count() != y.count() || backward.count() != x.count()) {
    throw CaseFailed{"an adjoint of another size"};
  }
  const double there = dot(forward, y);
  const double back = dot(x, backward);
  double magnitude = 0;
  for (int64_t i = 0; i < x.count(); ++i) magnitude += std::fabs(x.get(i) * backward.get(i));
  for (int64_t i = 0; i < y.count(); ++i) magnitude += std::fabs(y.get(i) * forward.get(i));
  const double relative = type_ == VK_F64 ? 1e-13 : 1e-6;
  expect(std::fabs(there - back) <= relative * magnitude,
         "<A x, y> is %.17g but <x, A' y> is %.17g, of magnitude %.3g", there, back, magnitude);
}

void Case::checkGradient(const std::string& name, Buffer& input, const Buffer& gradient,
                         const std::function<double()>& objective, GradientCheck check) {
  if (input.type() != VK_F64) throw CaseFailed{name + ": gradients are checked on type=f64 lines"};
  if (gradient.count() != input.count()) throw CaseFailed{name + ": gradient of another size"};
  if (onDevice()) return;
  SplitMix64 random(line_.seed(), name + ".elements");
  std::vector<int64_t> elements;
  if (input.count() <= check.samples) {
    for (int64_t i = 0; i < input.count(); ++i) elements.push_back(i);
  } else {
    for (int64_t i = 0; i < check.samples; ++i) elements.push_back(random.below(input.count()));
  }
  double largest = 0;
  for (const int64_t i : elements) largest = std::max(largest, std::fabs(gradient.get(i)));
  for (const int64_t i : elements) {
    const double kept = input.get(i);
    input.set(i, kept + check.step);
    const double above = objective();
    input.set(i, kept - check.step);
    const double below = objective();
    input.set(i, kept);
    const double measured = (above - below) / (2 * check.step);
    const double error = std::fabs(measured - gradient.get(i));
    expect(error <= check.tolerance * largest,
           "%s at element %lld: %.12g, central difference %.12g, off by %.3g of the largest",
           name.c_str(), static_cast<long long>(i), gradient.get(i), measured, error / largest);
  }
}

}  // namespace vk::cases
