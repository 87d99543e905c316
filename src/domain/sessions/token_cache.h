#pragma once

#include <array>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>

#include "domain/sessions/changes.h"
#include "domain/sessions/identity.h"
#include "domain/sessions/standing.h"
#include "domain/sessions/token.h"

namespace latchkey::sessions {

// Access tokens that were good when they were last looked at. It may only say yes: whatever is
// not here, or no longer surely good, is read from the database. One for each server thread,
// so it takes no lock; Changes makes it forget.
class TokenCache {
 public:
  // What find() reads comes first and fits two cache lines: a hit waits for memory, for little
  // else.
  struct Entry {
    Token::Bytes bytes{};
    std::optional<Time> until;
    Time judged_at;
    Time noted_active;  // when its use was last noted for the database
    Changes::Ticket ticket = 0;
    Identity identity;
    // Answers that surfaces rendered for this token, to send again; which slot is whose, they
    // agree on among themselves.
    static constexpr std::size_t kSlots = 2;
    std::array<std::string, kSlots> rendered;
  };

  // `capacity` in entries; 0 remembers nothing.
  TokenCache(const Changes& changes, std::size_t capacity);
  ~TokenCache();
  TokenCache(TokenCache&&) noexcept;

  // The entry of exactly this token, if it is still good at `now`. Valid until the next call.
  Entry* find(const Token& token, Time now);

  // Remembers it; what was not used for long makes room.
  Entry& insert(const Token& token, Entry entry);

  void clear();
  std::size_t size() const;

 private:
  struct Maps;

  const Changes& changes_;
  std::size_t half_;
  std::unique_ptr<Maps> maps_;
};

}  // namespace latchkey::sessions
