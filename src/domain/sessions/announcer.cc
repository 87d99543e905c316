#include "domain/sessions/announcer.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <utility>

#include "platform/crypto/random.h"

namespace latchkey::sessions {
namespace {

constexpr std::string_view kSeveral = "sessions/";
// PostgreSQL takes fewer than 8000 bytes; an id has 20 at most.
constexpr std::size_t kIdsAtOnce = 350;
// More than a node refreshes while the others cannot be told for some time: then they forget all.
constexpr std::size_t kMostKept = 50'000;

template <class Id>
std::optional<Id> read_id(std::string_view text) {
  std::int64_t id = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), id);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return Id{id};
}

}  // namespace

// The name tells this node which announcements are its own.
Announcer::Announcer(Changes& changes)
    : changes_(changes),
      several_(std::string(kSeveral) + crypto::random_text(crypto::kLowerCaseDigits, 8)) {}

void Announcer::sessions(db::Tx& tx, std::vector<SessionId> ids) const {
  tell_others(tx, ids);
  tx.after_commit([&changes = changes_, ids = std::move(ids)] {
    for (const SessionId id : ids) changes.session_changed(id);
  });
}

void Announcer::tell_others(db::Tx& tx, std::span<const SessionId> ids) const {
  while (!ids.empty()) {
    const auto some = ids.first(std::min(kIdsAtOnce, ids.size()));
    std::string payload = several_;
    for (const SessionId id : some) payload += ' ' + std::to_string(std::to_underlying(id));
    tx.notify(payload);
    ids = ids.subspan(some.size());
  }
}

void Announcer::session_soon(SessionId id) {
  changes_.session_changed(id);
  const std::scoped_lock lock(mutex_);
  if (soon_.size() <= kMostKept) soon_.push_back(id);
}

void Announcer::flush(db::Database& db) {
  std::vector<SessionId> ids;
  {
    const std::scoped_lock lock(mutex_);
    ids.swap(soon_);
  }
  if (ids.empty() || db.dialect() == db::Dialect::sqlite) return;  // there are no others
  try {
    db.write_now([&](db::Tx& tx) {
      ids.size() > kMostKept ? tx.notify("everything") : tell_others(tx, ids);
    });
  } catch (...) {
    const std::scoped_lock lock(mutex_);
    soon_.insert(soon_.end(), ids.begin(), ids.end());
    throw;
  }
}

void Announcer::session(db::Tx& tx, SessionId id) const {
  tx.notify("session " + std::to_string(std::to_underlying(id)));
  tx.after_commit([&changes = changes_, id] { changes.session_changed(id); });
}

void Announcer::account(db::Tx& tx, UserId id) const {
  tx.notify("account " + std::to_string(std::to_underlying(id)));
  tx.after_commit([&changes = changes_, id] { changes.account_changed(id); });
}

void Announcer::everything(db::Tx& tx) const {
  tx.notify("everything");
  tx.after_commit([&changes = changes_] { changes.everything_changed(); });
}

void Announcer::hear(std::string_view payload) const {
  const auto space = payload.find(' ');
  const std::string_view what = payload.substr(0, space);
  const std::string_view rest = space == payload.npos ? "" : payload.substr(space + 1);
  if (what == several_) return;  // said by this node, which has forgotten already
  if (what.starts_with(kSeveral) && hear_several(rest)) return;
  const auto session = what == "session" ? read_id<SessionId>(rest) : std::nullopt;
  const auto account = what == "account" ? read_id<UserId>(rest) : std::nullopt;
  if (session) {
    changes_.session_changed(*session);
  } else if (account) {
    changes_.account_changed(*account);
  } else {
    // "everything", or said by a newer version: forget all rather than miss a revocation.
    changes_.everything_changed();
  }
}

bool Announcer::hear_several(std::string_view ids) const {
  while (!ids.empty()) {
    const auto space = ids.find(' ');
    const auto id = read_id<SessionId>(ids.substr(0, space));
    if (!id) return false;
    changes_.session_changed(*id);
    ids = space == ids.npos ? "" : ids.substr(space + 1);
  }
  return true;
}

}  // namespace latchkey::sessions
