#pragma once

#include <cstddef>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace latchkey::texts {

// Which of the languages that we speak suits a person, by ICU's LocaleMatcher: it knows that zh-TW
// is zh-Hant, that pt-BR and pt-PT differ, and that a reader of nn gets nb.
class Matcher {
 public:
  // BCP 47 tags.
  explicit Matcher(std::vector<std::string_view> spoken);
  ~Matcher();
  Matcher(const Matcher&) = delete;
  Matcher& operator=(const Matcher&) = delete;

  // The place, among those spoken, of the best for who likes `wanted`, the dearest first; absent:
  // none is near any of them. What is no language tag is passed over. Any number of threads may
  // ask; the first waits for ICU, and gets std::invalid_argument when we speak what is no language.
  std::optional<std::size_t> best(std::span<const std::string_view> wanted) const;

 private:
  struct Icu;
  std::vector<std::string_view> spoken_;
  mutable std::once_flag made_;
  mutable std::unique_ptr<const Icu> icu_;
};

}  // namespace latchkey::texts
