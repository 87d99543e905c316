#include "domain/sessions/token_cache.h"

#include <utility>

#include "platform/crypto/equal.h"

namespace latchkey::sessions {

TokenCache::TokenCache(const Changes& changes, std::size_t capacity)
    : changes_(changes), half_(capacity / 2) {}

TokenCache::Entry* TokenCache::find(const Token& token, Time now) {
  if (half_ == 0) return nullptr;
  const Key key{token.session, token.generation};
  auto found = young_.find(key);
  if (found == young_.end()) {
    auto node = old_.extract(key);
    if (node.empty()) return nullptr;
    make_room();
    found = young_.insert(std::move(node)).position;
  }
  Entry& entry = found->second;
  const bool good = changes_.fresh(entry.ticket, entry.identity.session, entry.identity.user) &&
                    (!entry.until || now < *entry.until) &&
                    now >= entry.judged_at - kClockSkew;  // a clock set back prolongs nothing
  if (!good) {
    young_.erase(found);
    return nullptr;
  }
  // A token of the right session and generation but other bytes is read and judged anew.
  return crypto::equal(entry.bytes, token.bytes) ? &entry : nullptr;
}

TokenCache::Entry& TokenCache::insert(const Token& token, Entry entry) {
  const Key key{token.session, token.generation};
  old_.erase(key);
  make_room();
  entry.bytes = token.bytes;
  return young_.insert_or_assign(key, std::move(entry)).first->second;
}

void TokenCache::clear() {
  young_.clear();
  old_.clear();
}

void TokenCache::make_room() {
  if (young_.size() < half_) return;
  old_ = std::exchange(young_, {});
}

}  // namespace latchkey::sessions
