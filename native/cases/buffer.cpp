#include "cases/buffer.h"

#include <cstdlib>
#include <cstring>
#include <stdexcept>
#include <utility>

#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/asan_interface.h>
#endif

namespace vk::cases {
namespace {

constexpr int64_t kGuard = 512;
constexpr unsigned char kGuardByte = 0xB7;
constexpr int64_t kPage = 64;

const std::pair<vk_element_type, const char*> kTypes[] = {
    {VK_BOOL, "bool"}, {VK_I8, "i8"},   {VK_U8, "u8"},   {VK_I16, "i16"},
    {VK_U16, "u16"},   {VK_I32, "i32"}, {VK_U32, "u32"}, {VK_I64, "i64"},
    {VK_U64, "u64"},   {VK_F32, "f32"}, {VK_F64, "f64"}};

}  // namespace

int64_t sizeOf(vk_element_type type) {
  switch (type) {
    case VK_BOOL:
    case VK_I8:
    case VK_U8:
      return 1;
    case VK_I16:
    case VK_U16:
    case VK_BF16:
    case VK_F16:
      return 2;
    case VK_I32:
    case VK_U32:
    case VK_F32:
      return 4;
    default:
      return 8;
  }
}

vk_element_type elementTypeNamed(const std::string& name) {
  for (const auto& [type, text] : kTypes) {
    if (name == text) return type;
  }
  throw std::runtime_error("type=" + name + ": not an element type");
}

std::string textOf(const Sizes& sizes) {
  std::string text;
  for (size_t i = sizes.size(); i-- > 0;) {
    text += std::to_string(sizes[i]) + (i > 0 ? "x" : "");
  }
  return text;
}

void Buffer::FreeMemory::operator()(unsigned char* memory) const { std::free(memory); }

Buffer::Buffer(std::string name, vk_element_type type, const Sizes& sizes, int64_t alignment,
               unsigned char fill)
    : name_(std::move(name)), type_(type), count_(1) {
  if (sizes.size() > VK_MAX_RANK) throw std::runtime_error(name_ + ": rank over VK_MAX_RANK");
  for (const int64_t size : sizes) count_ *= size;
  bytes_ = count_ * sizeOf(type);
  // An offset of `alignment` alone from a 64-byte line: kernels may not rely on more.
  const int64_t offset = kGuard + alignment % kPage;
  allocated_ = (offset + bytes_ + kGuard + kPage - 1) / kPage * kPage;
  memory_.reset(static_cast<unsigned char*>(
      std::aligned_alloc(static_cast<size_t>(kPage), static_cast<size_t>(allocated_))));
  if (!memory_) throw std::bad_alloc();
  std::memset(memory_.get(), kGuardByte, static_cast<size_t>(allocated_));
  data_ = memory_.get() + offset;
  std::memset(data_, fill, static_cast<size_t>(bytes_));
  view_.data = data_;
  view_.device = VK_DEVICE_HOST;
  view_.type = type;
  view_.layout = VK_LAYOUT_PLAIN;
  view_.rank = static_cast<int32_t>(sizes.size());
  int64_t stride = 1;
  for (size_t i = sizes.size(); i-- > 0;) {
    view_.sizes[i] = sizes[i];
    view_.strides[i] = stride;
    stride *= sizes[i];
  }
  poison();
}

Buffer::~Buffer() {
  if (memory_) unpoison();
}

void Buffer::poison() const {
#ifdef __SANITIZE_ADDRESS__
  const unsigned char* const begin = static_cast<const unsigned char*>(data_);
  __asan_poison_memory_region(memory_.get(),
                              static_cast<size_t>(begin - memory_.get()) & ~size_t{7});
  __asan_poison_memory_region(begin + bytes_,
                              static_cast<size_t>(memory_.get() + allocated_ - begin - bytes_));
#endif
}

void Buffer::unpoison() const {
#ifdef __SANITIZE_ADDRESS__
  __asan_unpoison_memory_region(memory_.get(), static_cast<size_t>(allocated_));
#endif
}

double Buffer::get(int64_t element) const {
  switch (type_) {
    case VK_BOOL:
    case VK_U8:
      return as<uint8_t>()[element];
    case VK_I8:
      return as<int8_t>()[element];
    case VK_I16:
      return as<int16_t>()[element];
    case VK_U16:
      return as<uint16_t>()[element];
    case VK_I32:
      return as<int32_t>()[element];
    case VK_U32:
      return as<uint32_t>()[element];
    case VK_I64:
      return static_cast<double>(as<int64_t>()[element]);
    case VK_U64:
      return static_cast<double>(as<uint64_t>()[element]);
    case VK_F32:
      return static_cast<double>(as<float>()[element]);
    case VK_F64:
      return as<double>()[element];
    default:
      throw std::runtime_error(name_ + ": cases cannot read this element type");
  }
}

void Buffer::set(int64_t element, double value) {
  switch (type_) {
    case VK_BOOL:
    case VK_U8:
      as<uint8_t>()[element] = static_cast<uint8_t>(value);
      return;
    case VK_I8:
      as<int8_t>()[element] = static_cast<int8_t>(value);
      return;
    case VK_I16:
      as<int16_t>()[element] = static_cast<int16_t>(value);
      return;
    case VK_U16:
      as<uint16_t>()[element] = static_cast<uint16_t>(value);
      return;
    case VK_I32:
      as<int32_t>()[element] = static_cast<int32_t>(value);
      return;
    case VK_U32:
      as<uint32_t>()[element] = static_cast<uint32_t>(value);
      return;
    case VK_I64:
      as<int64_t>()[element] = static_cast<int64_t>(value);
      return;
    case VK_U64:
      as<uint64_t>()[element] = static_cast<uint64_t>(value);
      return;
    case VK_F32:
      as<float>()[element] = static_cast<float>(value);
      return;
    case VK_F64:
      as<double>()[element] = value;
      return;
    default:
      throw std::runtime_error(name_ + ": cases cannot write this element type");
  }
}

std::string Buffer::guardDamage() const {
  if (!memory_) return "";
  unpoison();
  std::string damage;
  const unsigned char* const begin = static_cast<const unsigned char*>(data_);
  const unsigned char* const end = begin + bytes_;
  for (const unsigned char* p = memory_.get(); p < memory_.get() + allocated_; ++p) {
    if (p == begin && bytes_ > 0) p = end;
    if (*p == kGuardByte) continue;
    damage = p < begin ? std::to_string(begin - p) + " bytes before"
                       : std::to_string(p - end) + " bytes past the end of";
    damage += " " + name_;
    break;
  }
  poison();
  return damage;
}

void Buffer::moveToDevice(vk_context* context) {
  if (!memory_) return;
  // The memory in front of the tensor gets out of alignment what the host's does, and ends where
  // the tensor ends.
  const int64_t front = (static_cast<unsigned char*>(data_) - memory_.get()) % kPage;
  if (vk_allocate(context, front + bytes_, &device_) != VK_OK ||
      vk_copy(context, static_cast<char*>(device_) + front, data_, bytes_) != VK_OK) {
    throw std::runtime_error(name_ + ": " + vk_last_error());
  }
  if (view_.data == data_) view_.data = static_cast<char*>(device_) + front;
  view_.device = view_.device == VK_DEVICE_HOST ? VK_DEVICE_CUDA : VK_DEVICE_HOST;
}

void Buffer::moveToHost(vk_context* context) {
  if (device_ == nullptr) return;
  const int64_t front = (static_cast<unsigned char*>(data_) - memory_.get()) % kPage;
  char* const begin = static_cast<char*>(device_) + front;
  const vk_status status = vk_copy(context, data_, begin, bytes_);
  vk_free(context, std::exchange(device_, nullptr));
  if (view_.data == begin) view_.data = data_;
  view_.device = view_.device == VK_DEVICE_HOST ? VK_DEVICE_CUDA : VK_DEVICE_HOST;
  if (status != VK_OK) throw std::runtime_error(name_ + ": " + vk_last_error());
}

void Buffer::freeze() { frozen_.assign(as<unsigned char>(), as<unsigned char>() + bytes_); }

bool Buffer::changed() const {
  return bytes_ > 0 && std::memcmp(frozen_.data(), data_, static_cast<size_t>(bytes_)) != 0;
}

}  // namespace vk::cases
