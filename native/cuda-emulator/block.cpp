// Runs the blocks of a kernel: each thread is a fiber, and changes at barriers and warp operations.
#include <boost/context/fiber.hpp>
#include <boost/context/protected_fixedsize_stack.hpp>
#include <algorithm>
#include <bit>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <map>
#include <memory>
#include <vector>

#include "emulator.h"

// This file is not instrumented itself.
#ifdef VK_EMULATOR_ADDRESSES
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#endif

constinit thread_local uint3 threadIdx{};
constinit thread_local uint3 blockIdx{};
constinit thread_local dim3 blockDim{};
constinit thread_local dim3 gridDim{};

namespace vk::emulator {

namespace {

namespace bc = boost::context;

constexpr size_t kStack = 256 * 1024;
constexpr int kWarp = 32;
/** Between and around the arrays of shared memory. */
constexpr size_t kRedZone = 64;

struct Trapped {};

enum class State { kNew, kReady, kAtBarrier, kInWarp, kDone };

struct Fiber;

struct Thread {
  State state = State::kNew;
  uint3 index{};
  Fiber* fiber = nullptr;
  const char* file = nullptr;
  unsigned line = 0;
  unsigned column = 0;
  BarrierKind barrier = BarrierKind::kPlain;
  int predicate = 0;
  int collected = 0;
  WarpExchange exchange{};
  uint64_t result = 0;
};

struct Fiber {
  bc::fiber context;
  void* bottom = nullptr;
  size_t size = 0;
  void* fakeStack = nullptr;
};

struct Random {
  uint64_t state;
  uint64_t next() {
    state += 0x9E3779B97F4A7C15u;
    uint64_t z = state;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
  }
  size_t below(size_t end) { return size_t((next() >> 32) * end >> 32); }
  /** Any of the items, which is not among them any more. */
  int take(std::vector<int>& items) {
    int& chosen = items[below(items.size())];
    const int item = chosen;
    chosen = items.back();
    items.pop_back();
    return item;
  }
};

/** Remembers where the stack of a fiber lies. */
struct Stack {
  bc::protected_fixedsize_stack stacks{kStack};
  Fiber* fiber;
  bc::stack_context allocate() {
    const bc::stack_context stack = stacks.allocate();
    fiber->bottom = static_cast<char*>(stack.sp) - stack.size;
    fiber->size = stack.size;
    return stack;
  }
  void deallocate(bc::stack_context& stack) { stacks.deallocate(stack); }
};

struct SharedArray {
  size_t begin;
  size_t bytes;
};

/** What runs blocks on one thread of the host. Never destroyed: its fibers are never at an end. */
class Runner {
 public:
  static Runner& mine() {
    static thread_local Runner* const runner = new Runner;
    return *runner;
  }

  bool run(const KernelLaunch& launch);
  int barrier(BarrierKind kind, int predicate, const Where& where);
  uint64_t exchange(const WarpExchange& exchange, const Where& where);
  void* shared(const void* key, size_t bytes, size_t alignment, const Where& where);
  void* dynamic() { return launch_->dynamicBytes > 0 ? arena_.get() + kRedZone : nullptr; }
  int lane() const { return runningNumber_ % kWarp; }
  unsigned active() const;
  const int* number() const { return &runningNumber_; }
  int64_t block() const { return blockNumber_; }
  std::string position() const;

 private:
  Runner() : arena_(new (std::align_val_t(256)) char[kArena]) { setPoison(0, kArena, true); }

  void runBlock(uint3 index);
  bool chooseNext();
  void continueWith(Fiber& own, Fiber& next);
  void arriveFrom(bc::fiber&& left, void* fakeStack);
  void pause();
  void body();
  Fiber* freeFiber();
  Thread& running() { return threads_[size_t(runningNumber_)]; }
  void noteWhere(const Where& where);
  void releaseBarrier();
  void completeWarp(unsigned warp);
  void finishWarp(unsigned warp, unsigned mask);
  [[noreturn]] void reportStuck();
  std::string whereIs(int number) const;
  void beginShared();
  void setPoison(size_t begin, size_t bytes, bool poisoned);

  static constexpr size_t kArena = kSharedMost + 64 * 1024;

  struct FreeArena {
    void operator()(char* memory) const { ::operator delete[](memory, std::align_val_t(256)); }
  };
  std::unique_ptr<char, FreeArena> arena_;
  size_t arenaUsed_ = 0;
  size_t sharedBytes_ = 0;
  std::map<const void*, SharedArray> arrays_;

  const KernelLaunch* launch_ = nullptr;
  std::vector<Thread> threads_;
  /** Of each warp, the lanes that wait at a warp operation, and those that have ended. */
  struct Lanes {
    unsigned waiting = 0;
    unsigned ended = 0;
  };
  std::vector<Lanes> warps_;
  std::vector<int> unstarted_;
  std::vector<int> ready_;
  std::vector<Fiber*> freeFibers_;
  std::vector<Fiber*> abandoned_;
  Random random_{0};
  uint64_t launches_ = 0;
  int runningNumber_ = -1;
  int64_t blockNumber_ = -1;
  int done_ = 0;
  int waiting_ = 0;
  bool trapped_ = false;
  /** The stack of who runs blocks, and whose stack was left last. */
  Fiber host_;
  Fiber* left_ = nullptr;
};

std::string Runner::whereIs(int number) const {
  const Thread& thread = threads_[size_t(number)];
  const std::string name = "thread (" + std::to_string(thread.index.x) + ", " +
                           std::to_string(thread.index.y) + ", " + std::to_string(thread.index.z) +
                           ")";
  if (thread.state == State::kDone) return name + " has ended";
  if (thread.file == nullptr) return name;
  return name + " is at " + thread.file + ":" + std::to_string(thread.line);
}

std::string Runner::position() const {
  if (launch_ == nullptr) return "outside of kernels";
  std::string text = "kernel " + kernelName(launch_->kernel) + ", block (" +
                     std::to_string(blockIdx.x) + ", " + std::to_string(blockIdx.y) + ", " +
                     std::to_string(blockIdx.z) + ")";
  if (runningNumber_ >= 0) text += ", " + whereIs(runningNumber_);
  return text;
}

void Runner::noteWhere(const Where& where) {
  Thread& thread = running();
  thread.file = where.file_name();
  thread.line = where.line();
  thread.column = where.column();
}

// ------------------------------------------------------------------------------------------ fibers

// A fiber gives way to the next one directly; to the host's stack only where there is none.

void Runner::body() {
  for (;;) {
    try {
      launch_->thread();
    } catch (const Trapped&) {
      trapped_ = true;
    }
    Thread& thread = running();
    Fiber* const fiber = std::exchange(thread.fiber, nullptr);
    thread.state = State::kDone;
    warps_[size_t(runningNumber_ / kWarp)].ended |= 1u << lane();
    ++done_;
    if (trapped_ || !chooseNext()) {
      freeFibers_.push_back(fiber);
      continueWith(*fiber, host_);
    } else if (running().fiber == nullptr) {
      // The next thread needs no fiber of its own.
      running().fiber = fiber;
    } else {
      freeFibers_.push_back(fiber);
      continueWith(*fiber, *running().fiber);
    }
  }
}

void Runner::pause() {
  Fiber& own = *running().fiber;
  if (!chooseNext()) {
    continueWith(own, host_);
    return;
  }
  Fiber*& next = running().fiber;
  if (next == nullptr) next = freeFiber();
  if (next != &own) continueWith(own, *next);
}

Fiber* Runner::freeFiber() {
  if (freeFibers_.empty()) {
    Fiber* const fiber = new Fiber;
    fiber->context = bc::fiber(std::allocator_arg, Stack{.fiber = fiber}, [this](bc::fiber&& left) {
      arriveFrom(std::move(left), nullptr);
      body();
      return bc::fiber();
    });
    freeFibers_.push_back(fiber);
  }
  Fiber* const fiber = freeFibers_.back();
  freeFibers_.pop_back();
  return fiber;
}

void Runner::continueWith(Fiber& own, Fiber& next) {
  left_ = &own;
  void* fakeStack = nullptr;
#ifdef VK_EMULATOR_ADDRESSES
  __sanitizer_start_switch_fiber(&fakeStack, next.bottom, next.size);
#endif
  arriveFrom(std::move(next.context).resume(), fakeStack);
}

/** On the stack that was come to. */
void Runner::arriveFrom(bc::fiber&& left, [[maybe_unused]] void* fakeStack) {
  left_->context = std::move(left);
#ifdef VK_EMULATOR_ADDRESSES
  const void* bottom = nullptr;
  size_t size = 0;
  __sanitizer_finish_switch_fiber(fakeStack, &bottom, &size);
  if (left_ == &host_) {
    host_.bottom = const_cast<void*>(bottom);
    host_.size = size;
  }
#endif
}

// ---------------------------------------------------------------------------------------- schedule

bool Runner::run(const KernelLaunch& launch) {
  launch_ = &launch;
  trapped_ = false;
  random_.state = seed() * 0x2545F4914F6CDD1Du + ++launches_;
  const int64_t blocks = int64_t(launch.grid.x) * launch.grid.y * launch.grid.z;
  // A random start and a step without a common divisor: every block once, with no list of them.
  const int64_t start = int64_t(random_.next() % uint64_t(blocks));
  int64_t step = blocks > 2 ? 1 + int64_t(random_.next() % uint64_t(blocks - 1)) : 1;
  const auto divisor = [](int64_t a, int64_t b) {
    while (b != 0) a = std::exchange(b, a % b);
    return a;
  };
  while (divisor(step, blocks) != 1) ++step;
  step %= blocks > 1 ? blocks : 2;
  blockDim = launch.block;
  gridDim = launch.grid;
  int64_t at = start;
  for (int64_t i = 0; i < blocks && !trapped_; ++i, at = (at + step) % blocks) {
    blockNumber_ = at;
    runBlock({unsigned(at % launch.grid.x), unsigned(at / launch.grid.x % launch.grid.y),
              unsigned(at / launch.grid.x / launch.grid.y)});
  }
  endKernelAccesses();
  launch_ = nullptr;
  blockNumber_ = -1;
  return !trapped_;
}

/** Lets another thread run that can, any of them; false where there is none. */
bool Runner::chooseNext() {
  std::vector<int>& from = unstarted_.empty() ? ready_ : unstarted_;
  if (from.empty()) return false;
  runningNumber_ = random_.take(from);
  Thread& thread = running();
  thread.state = State::kReady;
  threadIdx = thread.index;
  return true;
}

void Runner::runBlock(uint3 index) {
  const dim3 size = launch_->block;
  const int count = int(size.x * size.y * size.z);
  blockIdx = index;
  threads_.assign(size_t(count), Thread{});
  warps_.assign(size_t(count + kWarp - 1) / kWarp, Lanes{});
  unstarted_.clear();
  ready_.clear();
  for (int i = 0; i < count; ++i) {
    threads_[size_t(i)].index = {unsigned(i) % size.x, unsigned(i) / size.x % size.y,
                                 unsigned(i) / size.x / size.y};
    unstarted_.push_back(i);
  }
  done_ = waiting_ = 0;
  beginShared();
  chooseNext();
  running().fiber = freeFiber();
  continueWith(host_, *running().fiber);
  runningNumber_ = -1;
  if (trapped_) {
    // Fibers that wait are stuck in the kernel for good.
    for (const Thread& thread : threads_) {
      if (thread.fiber != nullptr) abandoned_.push_back(thread.fiber);
    }
  } else if (done_ < count) {
    reportStuck();
  }
  setPoison(0, arenaUsed_, true);
}

void Runner::reportStuck() {
  const int count = int(threads_.size());
  std::string text = "barrier divergence: not every thread of the block comes to the barrier";
  int shown = 0;
  const char* file = nullptr;
  unsigned line = 0;
  bool ended = false;
  for (int i = 0; i < count && shown < 4; ++i) {
    const Thread& thread = threads_[size_t(i)];
    const bool isNew = shown == 0 || thread.file != file || thread.line != line ||
                       (thread.state == State::kDone) != ended;
    if (!isNew) continue;
    file = thread.file;
    line = thread.line;
    ended = thread.state == State::kDone;
    text += "\n  " + whereIs(i);
    ++shown;
  }
  runningNumber_ = -1;
  report(text);
}

// ---------------------------------------------------------------------------------------- barriers

int Runner::barrier(BarrierKind kind, int predicate, const Where& where) {
  Thread& thread = running();
  noteWhere(where);
  thread.state = State::kAtBarrier;
  thread.barrier = kind;
  thread.predicate = predicate;
  if (++waiting_ == int(threads_.size())) {
    releaseBarrier();
  } else {
    pause();
  }
  return running().collected;
}

void Runner::releaseBarrier() {
  int count = 0;
  const Thread& first = threads_[0];
  for (size_t i = 0; i < threads_.size(); ++i) {
    const Thread& thread = threads_[i];
    if (thread.line != first.line || thread.column != first.column || thread.file != first.file) {
      report("barrier divergence: the threads of the block are at different barriers\n  " +
             whereIs(0) + "\n  " + whereIs(int(i)));
    }
    count += thread.predicate != 0;
  }
  orderBlock();
  waiting_ = 0;
  const int total = int(threads_.size());
  for (int i = 0; i < total; ++i) {
    Thread& thread = threads_[size_t(i)];
    thread.state = State::kReady;
    thread.collected = thread.barrier == BarrierKind::kCount ? count
                       : thread.barrier == BarrierKind::kAnd ? count == total
                                                             : count > 0;
    ready_.push_back(i);
  }
  pause();
}

uint64_t Runner::exchange(const WarpExchange& exchange, const Where& where) {
  Thread& thread = running();
  noteWhere(where);
  const unsigned warp = unsigned(runningNumber_ / kWarp);
  if ((exchange.mask >> lane() & 1u) == 0) {
    report("warp operation by a lane that is not in its mask");
  }
  thread.state = State::kInWarp;
  thread.exchange = exchange;
  warps_[warp].waiting |= 1u << lane();
  completeWarp(warp);
  pause();
  return running().result;
}

/** Lets the lanes go on when the last one has come. */
void Runner::completeWarp(unsigned warp) {
  const WarpExchange& own = running().exchange;
  const size_t base = size_t(warp) * kWarp;
  // A last warp that is not full has no such lanes; hardware lets them be named.
  const size_t lanes = std::min<size_t>(kWarp, threads_.size() - base);
  const unsigned mask = own.mask & (lanes < kWarp ? (1u << lanes) - 1 : ~0u);
  if ((warps_[warp].ended & mask) != 0) {
    report("warp operation that waits for a lane that has ended: " +
           whereIs(int(base) + std::countr_zero(warps_[warp].ended & mask)));
  }
  if ((warps_[warp].waiting & mask) != mask) return;
  for (size_t i = 0; i < lanes; ++i) {
    const WarpExchange& other = threads_[base + i].exchange;
    if ((mask >> i & 1u) != 0 && (other.kind != own.kind || other.mask != own.mask)) {
      report("warp divergence: lanes are at different warp operations\n  " +
             whereIs(runningNumber_) + "\n  " + whereIs(int(base + i)));
    }
  }
  warps_[warp].waiting &= ~mask;
  finishWarp(warp, mask);
}

void Runner::finishWarp(unsigned warp, unsigned mask) {
  const size_t base = size_t(warp) * kWarp;
  const auto inside = [&](size_t lane) {
    return (mask >> lane & 1u) != 0 && base + lane < threads_.size();
  };
  const WarpKind kind = running().exchange.kind;
  uint64_t values[kWarp] = {};
  uint64_t all = 0;
  bool first = true;
  for (size_t i = 0; i < kWarp; ++i) {
    if (!inside(i)) continue;
    const uint64_t value = values[i] = threads_[base + i].exchange.value;
    const auto small = [](uint64_t a, uint64_t b) { return int64_t(a) < int64_t(b); };
    switch (kind) {
      case WarpKind::kBallot:
        all |= (value & 1) << i;
        break;
      case WarpKind::kAdd:
        all += value;
        break;
      case WarpKind::kMin:
        all = first || value < all ? value : all;
        break;
      case WarpKind::kMax:
        all = first || value > all ? value : all;
        break;
      case WarpKind::kMinSigned:
        all = first || small(value, all) ? value : all;
        break;
      case WarpKind::kMaxSigned:
        all = first || small(all, value) ? value : all;
        break;
      case WarpKind::kAnd:
        all = first ? value : all & value;
        break;
      case WarpKind::kOr:
        all |= value;
        break;
      case WarpKind::kXor:
        all ^= value;
        break;
      default:
        break;
    }
    first = false;
  }
  orderWarp(warp);
  if (const auto together = running().exchange.together) {
    void* lanes[kWarp] = {};
    for (size_t i = 0; i < kWarp; ++i)
      lanes[i] = inside(i) ? threads_[base + i].exchange.own : nullptr;
    together(lanes);
  }
  for (size_t i = 0; i < kWarp; ++i) {
    if (!inside(i)) continue;
    Thread& thread = threads_[base + i];
    if (kind == WarpKind::kShuffle) {
      const size_t source = size_t(thread.exchange.source);
      if (source >= kWarp || !inside(source)) {
        report("shuffle from a lane that takes no part: lane " + std::to_string(i) + " asks lane " +
               std::to_string(source));
      }
      thread.result = values[source];
    } else if (kind == WarpKind::kMatch) {
      thread.result = 0;
      for (size_t j = 0; j < kWarp; ++j) {
        if (inside(j) && values[j] == values[i]) thread.result |= uint64_t(1) << j;
      }
    } else {
      thread.result = all;
    }
    thread.state = State::kReady;
    ready_.push_back(int(base + i));
  }
}

unsigned Runner::active() const {
  unsigned mask = 0;
  const size_t base = size_t(runningNumber_ / kWarp * kWarp);
  for (size_t i = 0; i < kWarp && base + i < threads_.size(); ++i) {
    if (threads_[base + i].state != State::kDone) mask |= 1u << i;
  }
  return mask;
}

// ----------------------------------------------------------------------------------- shared memory

void Runner::setPoison([[maybe_unused]] size_t begin, [[maybe_unused]] size_t bytes,
                       [[maybe_unused]] bool poisoned) {
#ifdef VK_EMULATOR_ADDRESSES
  if (poisoned) {
    __asan_poison_memory_region(arena_.get() + begin, bytes);
  } else {
    __asan_unpoison_memory_region(arena_.get() + begin, bytes);
  }
#endif
}

/** A signalling NaN as f32 and as f64, and far out of range as an index. */
void fillUninitialised(char* memory, size_t bytes) {
  const uint32_t pattern = 0x7FA5A5A5u;
  std::fill_n(reinterpret_cast<uint32_t*>(memory), bytes / sizeof pattern, pattern);
  const size_t rest = bytes % sizeof pattern;
  std::memcpy(memory + bytes - rest, &pattern, rest);
}

void Runner::beginShared() {
  arrays_.clear();
  arenaUsed_ = kRedZone;
  sharedBytes_ = launch_->dynamicBytes;
  beginBlockAccesses(arena_.get(), kArena);
  if (launch_->dynamicBytes == 0) return;
  setPoison(arenaUsed_, launch_->dynamicBytes, false);
  fillUninitialised(arena_.get() + arenaUsed_, launch_->dynamicBytes);
  declareShared(arena_.get() + arenaUsed_, launch_->dynamicBytes);
  arenaUsed_ += (launch_->dynamicBytes + kRedZone - 1) / kRedZone * kRedZone + kRedZone;
}

void* Runner::shared(const void* key, size_t bytes, size_t alignment, const Where& where) {
  const auto found = arrays_.find(key);
  if (found != arrays_.end()) return arena_.get() + found->second.begin;
  if (launch_ == nullptr) report("shared memory outside of kernels");
  sharedBytes_ += bytes;
  const size_t begin = (arenaUsed_ + alignment - 1) / alignment * alignment;
  const size_t staticBytes = sharedBytes_ - launch_->dynamicBytes;
  if (staticBytes > kSharedDefault || sharedBytes_ > kSharedMost) {
    noteWhere(where);
    report("too much shared memory: " + std::to_string(sharedBytes_) + " bytes");
  }
  arrays_[key] = {begin, bytes};
  setPoison(begin, bytes, false);
  fillUninitialised(arena_.get() + begin, bytes);
  declareShared(arena_.get() + begin, bytes);
  arenaUsed_ = (begin + bytes + kRedZone - 1) / kRedZone * kRedZone + kRedZone;
  return arena_.get() + begin;
}

}  // namespace

bool runKernel(const KernelLaunch& launch) { return Runner::mine().run(launch); }

int blockBarrier(BarrierKind kind, int predicate, const Where& where) {
  return Runner::mine().barrier(kind, predicate, where);
}
uint64_t warpExchange(const WarpExchange& exchange, const Where& where) {
  return Runner::mine().exchange(exchange, where);
}
int laneIndex() { return Runner::mine().lane(); }
unsigned activeMask() { return Runner::mine().active(); }
void* sharedArray(const void* key, size_t bytes, size_t alignment, const Where& where) {
  return Runner::mine().shared(key, bytes, alignment, where);
}
void* dynamicShared(const Where&) { return Runner::mine().dynamic(); }
void trap() { throw Trapped{}; }
const int* runningThread() { return Runner::mine().number(); }
int64_t runningBlock() { return Runner::mine().block(); }

uint64_t seed() {
  static const uint64_t value = [] {
    const char* const text = std::getenv("VOXKERN_EMULATOR_SEED");
    return text != nullptr ? std::strtoull(text, nullptr, 10) : 1;
  }();
  return value;
}

void report(const std::string& finding) {
  std::fprintf(stderr, "ERROR: cuda-emulator: %s\n  in %s\n  seed %llu\n", finding.c_str(),
               Runner::mine().position().c_str(), static_cast<unsigned long long>(seed()));
  std::fflush(stderr);
  std::_Exit(66);
}

}  // namespace vk::emulator
