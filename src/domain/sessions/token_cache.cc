#include "domain/sessions/token_cache.h"

#include <boost/unordered/unordered_flat_map.hpp>
#include <utility>

#include "platform/crypto/equal.h"

namespace latchkey::sessions {
namespace {

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

// Each entry on cache lines of its own; the table itself stays small.
struct alignas(64) Line : TokenCache::Entry {};

using Map = boost::unordered_flat_map<Key, std::unique_ptr<Line>, Hash>;

}  // namespace

// Two generations instead of a list in order of use: what is found in the old one moves to the
// young one; when that is full it becomes the old one, and the old one's entries are freed a few
// with each insertion: all at once would hold up a server thread for tens of milliseconds.
struct TokenCache::Maps {
  static constexpr int kFreedAtOnce = 4;

  Map young;
  Map old;
  Map dying;
  Map::iterator next_dying = dying.end();

  void make_room(std::size_t half) {
    for (int i = 0; i < kFreedAtOnce && next_dying != dying.end(); ++i, ++next_dying) {
      next_dying->second.reset();
    }
    if (young.size() < half) return;
    dying = std::move(old);
    next_dying = dying.begin();
    old = std::exchange(young, {});
  }
};

TokenCache::TokenCache(const Changes& changes, std::size_t capacity)
    : changes_(changes), half_(capacity / 2), maps_(std::make_unique<Maps>()) {}

TokenCache::~TokenCache() = default;
TokenCache::TokenCache(TokenCache&&) noexcept = default;

TokenCache::Entry* TokenCache::find(const Token& token, Time now) {
  if (half_ == 0) return nullptr;
  const Key key{token.session, token.generation};
  Map& young = maps_->young;
  auto found = young.find(key);
  if (found == young.end()) {
    const auto older = maps_->old.find(key);
    if (older == maps_->old.end()) return nullptr;
    auto line = std::move(older->second);
    maps_->old.erase(older);
    maps_->make_room(half_);
    found = young.insert_or_assign(key, std::move(line)).first;
  }
  Entry& entry = *found->second;
  const bool good = changes_.fresh(entry.ticket, token.session, entry.identity.user) &&
                    (!entry.until || now < *entry.until) &&
                    now >= entry.judged_at - kClockSkew;  // a clock set back prolongs nothing
  if (!good) {
    young.erase(found);
    return nullptr;
  }
  // A token of the right session and generation but other bytes is read and judged anew.
  return crypto::equal(entry.bytes, token.bytes) ? &entry : nullptr;
}

TokenCache::Entry& TokenCache::insert(const Token& token, Entry entry) {
  const Key key{token.session, token.generation};
  maps_->old.erase(key);
  maps_->make_room(half_);
  entry.bytes = token.bytes;
  auto& line = maps_->young[key];
  line = std::make_unique<Line>(Line{std::move(entry)});
  return *line;
}

void TokenCache::clear() { maps_ = std::make_unique<Maps>(); }

std::size_t TokenCache::size() const { return maps_->young.size() + maps_->old.size(); }

}  // namespace latchkey::sessions
