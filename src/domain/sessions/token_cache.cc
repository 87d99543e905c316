#include "domain/sessions/token_cache.h"

#include <boost/unordered/unordered_flat_map.hpp>
#include <cstring>
#include <new>
#include <string_view>
#include <utility>
#include <vector>

#include "platform/crypto/equal.h"

namespace latchkey::sessions {
namespace {

constexpr Time kNever = Time::max();

// Of a session and a generation one number. Two of one number would take each other's place, which
// costs a read: what is found is compared with all bytes of the token.
std::uint64_t key_of(const Token& token) {
  return static_cast<std::uint64_t>(token.session) ^
         (static_cast<std::uint64_t>(token.generation) * 0x9E3779B97F4A7C15U);
}

using Map = boost::unordered_flat_map<std::uint64_t, std::uint32_t>;

}  // namespace

// One allocation for all that only the first answer needs.
struct TokenCache::Entry::Packed {
  SessionId session{};
  Time issued_at;
  std::array<std::uint32_t, 4> sizes{};  // of the local part, the device ID, client and scope
  bool has_session = false;
  bool admin = false;
  bool suspended = false;
  bool granted = false;

  char* texts() { return reinterpret_cast<char*>(this + 1); }
  const char* texts() const { return reinterpret_cast<const char*>(this + 1); }

  static Packed* of(const Identity& who) {
    const std::array<std::string_view, 4> texts{
        who.localpart, who.device_id, who.grant ? std::string_view(who.grant->client) : "",
        who.grant ? std::string_view(who.grant->scope) : ""};
    std::size_t size = sizeof(Packed);
    for (const std::string_view text : texts) size += text.size();
    auto* packed = new (::operator new(size)) Packed;
    char* to = packed->texts();
    for (std::size_t i = 0; i < texts.size(); ++i) {
      packed->sizes[i] = static_cast<std::uint32_t>(texts[i].size());
      if (!texts[i].empty()) std::memcpy(to, texts[i].data(), texts[i].size());
      to += texts[i].size();
    }
    packed->session = who.session.value_or(SessionId{});
    packed->has_session = who.session.has_value();
    packed->issued_at = who.issued_at;
    packed->admin = who.admin;
    packed->suspended = who.suspended;
    packed->granted = who.grant != nullptr;
    return packed;
  }
};

void TokenCache::Entry::Unpack::operator()(Packed* packed) const {
  packed->~Packed();
  ::operator delete(packed);
}

std::string& TokenCache::Entry::rendered(std::size_t slot) {
  if (!rendered_) rendered_ = std::make_unique<std::array<std::string, kSlots>>();
  return (*rendered_)[slot];
}

Identity TokenCache::Entry::identity() const {
  const char* from = packed_->texts();
  std::array<std::string, 4> texts;
  for (std::size_t i = 0; i < texts.size(); ++i) {
    texts[i].assign(from, packed_->sizes[i]);
    from += packed_->sizes[i];
  }
  auto& [localpart, device_id, client, scope] = texts;
  Identity who;
  who.user = user_;
  if (packed_->has_session) who.session = packed_->session;
  who.localpart = std::move(localpart);
  who.device_id = std::move(device_id);
  who.admin = packed_->admin;
  who.suspended = packed_->suspended;
  who.expires_at = expires_at();
  who.issued_at = packed_->issued_at;
  if (packed_->granted) {
    who.grant = std::make_shared<const ClientGrant>(std::move(client), std::move(scope));
  }
  return who;
}

std::optional<Time> TokenCache::Entry::expires_at() const {
  return expires_at_ == kNever ? std::nullopt : std::optional(expires_at_);
}

void TokenCache::Entry::take(const Token& token, const Judged& judged) {
  bytes_ = token.bytes;
  until_ = judged.until.value_or(kNever);
  judged_at_ = judged.judged_at;
  noted_active = judged.noted_active;
  ticket_ = judged.ticket;
  user_ = judged.identity.user;
  expires_at_ = judged.identity.expires_at.value_or(kNever);
  packed_.reset(Packed::of(judged.identity));
  rendered_.reset();
}

void TokenCache::Entry::forget() {
  packed_.reset();
  rendered_.reset();
}

// Two generations instead of a list in order of use: what is found in the old one moves to the
// young one; when that is full it becomes the old one, and the old one's entries are freed a few
// with each insertion: all at once would hold up a server thread for tens of milliseconds. The maps
// hold numbers of entries, so that they stay small and nothing is moved but these.
struct TokenCache::Store {
  static constexpr int kFreedAtOnce = 4;
  static constexpr std::size_t kBlock = 512;  // entries that are allocated together

  std::vector<std::unique_ptr<Entry[]>> blocks;
  std::vector<std::uint32_t> free;
  Map young;
  Map old;
  Map dying;
  Map::iterator next_dying = dying.end();

  Entry& at(std::uint32_t number) { return blocks[number / kBlock][number % kBlock]; }

  std::uint32_t take_free() {
    if (free.empty()) {
      const auto first = static_cast<std::uint32_t>(blocks.size() * kBlock);
      blocks.push_back(std::make_unique<Entry[]>(kBlock));
      for (std::uint32_t i = kBlock; i > 0; --i) free.push_back(first + i - 1);
    }
    const std::uint32_t number = free.back();
    free.pop_back();
    return number;
  }

  void give_back(std::uint32_t number) {
    at(number).forget();
    free.push_back(number);
  }

  void erase(Map& from, Map::iterator which) {
    give_back(which->second);
    from.erase(which);
  }

  void make_room(std::size_t half) {
    for (int i = 0; i < kFreedAtOnce && next_dying != dying.end(); ++i, ++next_dying) {
      give_back(next_dying->second);
    }
    if (young.size() < half) return;
    // By now mostly none are left.
    for (; next_dying != dying.end(); ++next_dying) give_back(next_dying->second);
    dying = std::move(old);
    next_dying = dying.begin();
    old = std::exchange(young, {});
  }
};

TokenCache::TokenCache(const Changes& changes, std::size_t capacity)
    : changes_(changes), half_(capacity / 2), store_(std::make_unique<Store>()) {}

TokenCache::~TokenCache() = default;
TokenCache::TokenCache(TokenCache&&) noexcept = default;

TokenCache::Entry* TokenCache::find(const Token& token, Time now) {
  if (half_ == 0) return nullptr;
  const std::uint64_t key = key_of(token);
  Map& young = store_->young;
  auto found = young.find(key);
  if (found == young.end()) {
    const auto older = store_->old.find(key);
    if (older == store_->old.end()) return nullptr;
    const std::uint32_t number = older->second;
    store_->old.erase(older);
    store_->make_room(half_);
    found = young.insert_or_assign(key, number).first;
  }
  Entry& entry = store_->at(found->second);
  const bool good = changes_.fresh(entry.ticket_, token.session, entry.user_) &&
                    now < entry.until_ &&
                    now >= entry.judged_at_ - kClockSkew;  // a clock set back prolongs nothing
  if (!good) {
    store_->erase(young, found);
    return nullptr;
  }
  // A token of the right session and generation but other bytes is read and judged anew.
  return crypto::equal(entry.bytes_, token.bytes) ? &entry : nullptr;
}

TokenCache::Entry& TokenCache::insert(const Token& token, const Judged& judged) {
  const std::uint64_t key = key_of(token);
  if (const auto older = store_->old.find(key); older != store_->old.end()) {
    store_->erase(store_->old, older);
  }
  store_->make_room(half_);
  const auto [slot, fresh] = store_->young.try_emplace(key, 0);
  if (fresh) slot->second = store_->take_free();
  Entry& entry = store_->at(slot->second);
  entry.take(token, judged);
  return entry;
}

void TokenCache::clear() { store_ = std::make_unique<Store>(); }

std::size_t TokenCache::size() const { return store_->young.size() + store_->old.size(); }

}  // namespace latchkey::sessions
