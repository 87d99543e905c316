#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
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
  // What is known of a good token.
  struct Judged {
    Identity identity;
    std::optional<Time> until;
    Time judged_at;
    Time noted_active;
    Changes::Ticket ticket = 0;
  };

  // How it is remembered: what find() reads fits two cache lines, for a hit waits for memory and
  // for little else; the rest is packed, since there are many.
  class alignas(32) Entry {
   public:
    // Answers that surfaces rendered for this token, to send again; which slot is whose, they
    // agree on among themselves.
    static constexpr std::size_t kSlots = 2;
    std::string& rendered(std::size_t slot);

    // Unpacked: for the first answer, not for each.
    Identity identity() const;
    // When the token ends by its own lifetime.
    std::optional<Time> expires_at() const;

    Time noted_active;  // when its use was last noted for the database

   private:
    friend class TokenCache;
    struct Packed;  // what follows it are the texts
    struct Unpack {
      void operator()(Packed* packed) const;
    };

    void take(const Token& token, const Judged& judged);
    void forget();

    Token::Bytes bytes_{};
    Time until_;  // never() when there is no such time
    Time judged_at_;
    Changes::Ticket ticket_ = 0;
    UserId user_{};
    Time expires_at_;
    std::unique_ptr<Packed, Unpack> packed_;
    std::unique_ptr<std::array<std::string, kSlots>> rendered_;
  };

  // `capacity` in entries; 0 remembers nothing.
  TokenCache(const Changes& changes, std::size_t capacity);
  ~TokenCache();
  TokenCache(TokenCache&&) noexcept;

  // The entry of exactly this token, if it is still good at `now`. Valid until the next call.
  Entry* find(const Token& token, Time now);

  // Remembers it; what was not used for long makes room.
  Entry& insert(const Token& token, const Judged& judged);

  void clear();
  std::size_t size() const;

 private:
  struct Store;

  const Changes& changes_;
  std::size_t half_;
  std::unique_ptr<Store> store_;
};

}  // namespace latchkey::sessions
