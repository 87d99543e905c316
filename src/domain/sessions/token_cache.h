#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <unordered_map>

#include "domain/sessions/changes.h"
#include "domain/sessions/identity.h"
#include "domain/sessions/standing.h"
#include "domain/sessions/token.h"

namespace latchkey::sessions {

// Access tokens that were good when they were last looked at. It may only say yes: whatever is
// not here, or not surely good any more, is read from the database. One for each server thread,
// so it takes no lock; Changes makes it forget.
class TokenCache {
 public:
  struct Entry {
    Token::Bytes bytes{};
    Identity identity;
    std::optional<Time> until;
    Time judged_at;
    Time noted_active;  // when its use was last noted for the database
    Changes::Ticket ticket = 0;
    // An answer that a surface rendered for this token, to send again. Opaque here.
    enum Rendered { whoami, introspection, rendered_count };
    std::array<std::string, rendered_count> rendered;
  };

  // `capacity` in entries; 0 remembers nothing.
  TokenCache(const Changes& changes, std::size_t capacity);

  // The entry of exactly this token, if it is still good at `now`. Valid until the next call.
  Entry* find(const Token& token, Time now);

  // Remembers it; what was not used for long makes room.
  Entry& insert(const Token& token, Entry entry);

  void clear();
  std::size_t size() const { return young_.size() + old_.size(); }

 private:
  struct Key {
    SessionId session;
    Generation generation;
    bool operator==(const Key&) const = default;
  };
  struct Hash {
    std::size_t operator()(const Key& key) const {
      return static_cast<std::size_t>(key.session) ^
             (static_cast<std::size_t>(key.generation) * 0x9E3779B97F4A7C15U);
    }
  };
  using Map = std::unordered_map<Key, Entry, Hash>;

  void make_room();

  const Changes& changes_;
  std::size_t half_;
  // Two generations instead of a list in order of use: what is found in the old one moves to
  // the young one; when that is full it becomes the old one and the rest is forgotten.
  Map young_;
  Map old_;
};

}  // namespace latchkey::sessions
