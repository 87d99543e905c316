#pragma once

#include <fmt/core.h>
#include <string.h>

#include <string>
#include <string_view>
#include <utility>

namespace latchkey {

// Text that is never printed and is wiped when it goes. Compare with crypto::equal.
class Secret {
 public:
  Secret() = default;
  explicit Secret(std::string&& value) : value_(std::move(value)) { wipe(value); }
  explicit Secret(std::string_view value) : value_(value) {}
  explicit Secret(const char* value) : value_(value) {}
  Secret(const Secret&) = default;
  Secret(Secret&& other) noexcept : value_(std::move(other.value_)) { wipe(other.value_); }
  Secret& operator=(Secret other) noexcept {
    value_.swap(other.value_);
    return *this;
  }
  ~Secret() { wipe(value_); }

  bool empty() const { return value_.empty(); }
  // The text itself, for the one place that needs it.
  const std::string& reveal() const { return value_; }

 private:
  // Also what a string that was moved from still holds: a short one lives in the object.
  static void wipe(std::string& text) noexcept {
    text.resize(text.capacity());
    explicit_bzero(text.data(), text.size());
    text.clear();
  }

  std::string value_;
};

}  // namespace latchkey

template <>
struct fmt::formatter<latchkey::Secret> : fmt::formatter<fmt::string_view> {
  template <class Context>
  auto format(const latchkey::Secret&, Context& context) const {
    return fmt::formatter<fmt::string_view>::format("[secret]", context);
  }
};
