#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

#include "platform/db/tx.h"

namespace latchkey::db {

// The prepared statements of one connection by their SQL text. The text is mostly a literal, so
// its address finds the statement; comparing the bytes makes that safe.
//
// S has std::string_view sql() const, a view of its own copy of the text.
template <class S>
class StatementCache {
 public:
  // The statement for `sql`, or what make() makes of it (std::unique_ptr<S>).
  template <class Make>
  S& find(std::string_view sql, Make make) {
    S*& recent = recent_[slot(sql)];
    if (recent && recent->sql() == sql) return *recent;
    if (const auto it = all_.find(sql); it != all_.end()) return *(recent = it->second.get());
    if (all_.size() >= limit) {
      throw Error("too many different SQL texts; what varies must be a parameter: " +
                  std::string(sql));
    }
    std::unique_ptr<S> made = make();
    recent = made.get();
    all_.emplace(recent->sql(), std::move(made));
    return *recent;
  }

  void clear() {
    recent_.fill(nullptr);
    all_.clear();
  }

 private:
  static constexpr std::size_t limit = 1'000;
  static constexpr std::size_t slots = 64;

  static std::size_t slot(std::string_view sql) {
    const auto address = std::bit_cast<std::uintptr_t>(sql.data());
    return ((address >> 4) ^ (address >> 12) ^ sql.size()) % slots;
  }

  std::array<S*, slots> recent_{};
  std::unordered_map<std::string_view, std::unique_ptr<S>> all_;
};

}  // namespace latchkey::db
