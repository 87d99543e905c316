#pragma once

#include <array>
#include <cstddef>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "domain/sessions/record.h"

namespace latchkey::sessions {

// What this node knows of the sessions that it has refreshed: enough to refresh one again without
// reading its row first. It decides nothing alone: the statement that writes the next pair asks the
// row whether the pair before is still its newest, and everything else that may have changed
// (update_newest() in session_rows.h), so nothing here is ever wrong to have.
//
// A table of fixed places: who finds another session in its place takes it.
class RefreshMemory {
 public:
  // How many sessions it holds at most; 0 remembers nothing.
  explicit RefreshMemory(std::size_t capacity) : capacity_(capacity) {}

  // The record as it was after that refresh: what of it never changes, and its newest pair. That
  // pair counts as not used yet, and the session as not used since; who asks has to allow for both.
  // Absent: it is not remembered.
  std::optional<Record> find(SessionId id) const;
  // After a refresh.
  void keep(const Record& record);
  void forget(SessionId id);

 private:
  static constexpr std::size_t kBlock = 16;  // entries that are allocated together

  struct Entry {
    SessionId id{};
    Nonce nonce{};
    Generation issued = 0;
    bool refreshes = false;
    Time issued_at;
    Time created_at;
    std::unique_ptr<const ClientGrant> grant;
  };
  using Block = std::array<Entry, kBlock>;

  std::size_t place(SessionId id) const;
  // Of that session; null: it is not remembered. To be called with the lock.
  Entry* entry(SessionId id) const;

  const std::size_t capacity_;
  mutable std::mutex mutex_;
  std::vector<std::unique_ptr<Block>> blocks_;
};

}  // namespace latchkey::sessions
