// Memory handed to an operation under test: guard bands on both sides (poisoned under the address
// sanitizer), the first element aligned to its own size only, and a check that inputs stay as they
// were.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "voxkern/base.h"

namespace vk::cases {

using Sizes = std::vector<int64_t>;

class Buffer {
 public:
  /** An optional argument that is not given: its view has no data. */
  Buffer() = default;
  /** `alignment` in bytes; the memory starts filled with the byte `fill`. */
  Buffer(std::string name, vk_element_type type, const Sizes& sizes, int64_t alignment,
         unsigned char fill);
  Buffer(Buffer&&) = default;
  Buffer& operator=(Buffer&&) = default;
  ~Buffer();

  const std::string& name() const { return name_; }
  const vk_view* view() const { return &view_; }
  vk_view* editableView() { return &view_; }
  bool present() const { return memory_ != nullptr; }
  vk_element_type type() const { return type_; }
  int64_t count() const { return count_; }
  int64_t bytes() const { return bytes_; }

  template <class T>
  T* as() const {
    return static_cast<T*>(data_);
  }
  double get(int64_t element) const;
  /** Rounds to the buffer's element type. */
  void set(int64_t element, double value);

  /** Empty, or what was written outside the buffer. */
  std::string guardDamage() const;
  /** Between these two the view is of a copy in the memory of the context's device. What the
   * operation wrote outside of its copy goes to guardDamage(). */
  void moveToDevice(vk_context* context);
  void moveToHost(vk_context* context);

  /** Remembers the contents, for changed(). */
  void freeze();
  bool changed() const;

 private:
  struct FreeMemory {
    void operator()(unsigned char* memory) const;
  };
  void poison() const;
  void unpoison() const;

  std::string name_;
  vk_element_type type_ = VK_F32;
  int64_t count_ = 0;
  int64_t bytes_ = 0;
  int64_t allocated_ = 0;
  std::unique_ptr<unsigned char[], FreeMemory> memory_;
  void* data_ = nullptr;
  vk_view view_{};
  std::vector<unsigned char> frozen_;
  void* device_ = nullptr;
};

/** Bytes of one element of the types cases use. */
int64_t sizeOf(vk_element_type type);
vk_element_type elementTypeNamed(const std::string& name);
std::string textOf(const Sizes& sizes);

}  // namespace vk::cases
