// What an operation's case adapter (kernels/<op>/<op>_case.cpp) is written with. See
// tests/README.md for the words of a case line and kernels/ssd/ssd_case.cpp for the pattern.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "cases/buffer.h"
#include "cases/case_line.h"
#include "cases/random.h"

namespace vk::cases {

/** The operation's stated error: |got - expected| <= absolute + relative |expected|
 *  + ofLargest max|expected|. NaN equals NaN; infinities equal those of their sign. */
struct Bound {
  double relative = 0;
  double absolute = 0;
  double ofLargest = 0;
  /** Share of elements that may lie outside: only for results with jumps (nearest neighbour, the
   *  edge of a constant border), where a rounding of the position changes the side. */
  double outliers = 0;
};

/** A status other than VK_OK, with vk_last_error(). */
struct CallFailed {
  vk_status status;
  std::string message;
};

/** Gives up on a case. */
struct CaseFailed {
  std::string message;
};

/** One run of the operation on one context; collects its outputs. */
class Call {
 public:
  Call(vk_context* context, unsigned char fill, const CaseLine& line);
  Call(const Call&) = delete;

  vk_context* context() const { return context_; }
  /** An output tensor, compared within `bound` of the reference's. Filled with rubbish. */
  const vk_view* output(const std::string& name, vk_element_type type, const Sizes& sizes,
                        Bound bound);
  /** An output of `count` doubles behind a plain pointer. */
  double* values(const std::string& name, int64_t count, Bound bound);
  /** Writes values into a tensor of this call before the operation runs, wherever it lies. */
  void fill(const vk_view* view, const Buffer& values);
  double* value(const std::string& name, Bound bound) { return values(name, 1, bound); }
  /** Scratch memory as the plan asks for it, filled with rubbish. */
  const vk_view* workspace(const vk_plan& plan);
  /** Throws CallFailed unless the status is VK_OK. */
  void ok(vk_status status) const;

  const Buffer& result(const std::string& name) const;
  double resultValue(const std::string& name) const { return result(name).get(0); }

 private:
  friend class Case;
  bool onDevice() const;
  /** Brings the outputs back to the host. */
  void fetch();
  struct Output {
    Buffer buffer;
    Bound bound;
  };
  vk_context* context_;
  unsigned char fill_;
  const CaseLine& line_;
  std::deque<Output> outputs_;
  std::deque<Buffer> workspaces_;
};

/** Runs the operation's plan and execute phases on call.context(). */
using Run = std::function<void(Call& call)>;

struct GradientCheck {
  double step = 1e-5;
  /** Of the largest |gradient| among the elements looked at. */
  double tolerance = 1e-6;
  int64_t samples = 24;
};

class Case {
 public:
  explicit Case(const CaseLine& line);
  ~Case();

  const CaseLine& line() const { return line_; }
  /** The key type=, f32 unless given. */
  vk_element_type type() const { return type_; }

  // Inputs. Each has its own random stream, by its name. References stay valid.
  Buffer& uniform(const std::string& name, const Sizes& sizes, double low, double high);
  /** Whole numbers in [low, high]: sums of them are exact, so bounds can be zero. */
  Buffer& integers(const std::string& name, const Sizes& sizes, int64_t low, int64_t high);
  /** Twice differentiable noise over the last three axes with features `cell` voxels wide. */
  Buffer& smooth(const std::string& name, const Sizes& sizes, double cell, double low, double high);
  /** u8; the key `name`= says none (absent), all, empty, single, box or random (three in four). */
  Buffer& mask(const std::string& name, const Sizes& sizes);
  Buffer& zeros(const std::string& name, const Sizes& sizes) { return uniform(name, sizes, 0, 0); }
  /** Whatever else: filled by the adapter through set(). */
  Buffer& input(const std::string& name, vk_element_type type, const Sizes& sizes);
  /** Row-major 3x4 near the identity about the middle of `sizes` ({D, H, W}): every entry of the
   *  linear part moves by up to `amount`, the translation by up to `shift` voxels. */
  std::vector<double> affine(const std::string& name, const Sizes& sizes, double amount,
                             double shift) const;
  /** The key hostile= (nan, inf, huge, constant, zero) spoils some or all of this input. */
  void spoil(Buffer& input);

  /** Whether the cases run on this backend; all of them do unless told. */
  static void chooseBackend(vk_backend backend);
  /** On a device each case runs once from now on, in memory filled with this, and not twice. */
  static void runOnce(unsigned char fill);

  /** Reference, then each instruction set this processor has on 1, 2 and 3 threads: compares the
   *  outputs, their bits between thread counts, and looks at guard bands and inputs. */
  void run(const Run& operation);
  /** Once on the reference backend, for properties and gradients; its results stay valid. */
  Call& reference(const Run& operation);

  /** Central differences of `objective` in elements of `input` against `gradient`; f64 only. */
  void checkGradient(const std::string& name, Buffer& input, const Buffer& gradient,
                     const std::function<double()>& objective, GradientCheck check = {});

  /** <A x, y> against <x, A' y> for a linear operation and its transpose: `forward` is A x,
   * `backward` A' y. */
  void checkAdjoint(const Buffer& forward, const Buffer& y, const Buffer& x,
                    const Buffer& backward);

  /** Records a failure with this printf-style message unless the condition holds. */
  void expect(bool condition, const char* message, ...) __attribute__((format(printf, 3, 4)));

  const std::vector<std::string>& failures() const { return failures_; }
  /** What ran, e.g. "cpu-avx2"; and what did not, with the reason. */
  const std::vector<std::string>& ran() const { return ran_; }
  const std::vector<std::string>& skipped() const { return skipped_; }
  /** Says which bits the outputs of a device's run have, whichever they are. */
  uint64_t bits() const { return bits_; }

 private:
  Buffer& add(const std::string& name, vk_element_type type, const Sizes& sizes);
  void fail(const std::string& message);
  void checkMemory(const std::string& where, const Call& call);
  void compare(const std::string& name, const Call& call, const Call& expected);
  void runDevice(vk_backend backend, const Run& operation, const Call& expected);
  void runIsa(vk_isa isa, const Run& operation, const Call& expected);
  void runExpectingFailure(const Run& operation);

  const CaseLine& line_;
  vk_element_type type_;
  std::deque<Buffer> inputs_;
  std::deque<Call> kept_;
  vk_context* referenceContext_ = nullptr;
  std::vector<std::string> failures_;
  std::vector<std::string> ran_;
  std::vector<std::string> skipped_;
  uint64_t bits_ = 0xCBF29CE484222325u;
};

/** The sum of products. */
double dot(const Buffer& a, const Buffer& b);

/** Empty, or how the outputs differ by more than the bound. */
std::string difference(const Buffer& got, const Buffer& expected, const Bound& bound);

/** Applies the key break=NAME:HOW of the line to the view of the argument of that name. */
void breakView(const CaseLine& line, Buffer& argument);

}  // namespace vk::cases
