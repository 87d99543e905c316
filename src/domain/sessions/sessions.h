#pragma once

#include <atomic>
#include <expected>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "domain/ground/batches.h"
#include "domain/ground/ground.h"
#include "domain/keys/key_file.h"
#include "domain/sessions/activity.h"
#include "domain/sessions/announcer.h"
#include "domain/sessions/changes.h"
#include "domain/sessions/flights.h"
#include "domain/sessions/lost_rows.h"
#include "domain/sessions/policy.h"
#include "domain/sessions/promotions.h"
#include "domain/sessions/reach.h"
#include "domain/sessions/refresh.h"
#include "domain/sessions/refresh_memory.h"
#include "domain/sessions/remembering.h"
#include "domain/sessions/start_session.h"
#include "domain/sessions/token.h"
#include "domain/sessions/token_cache.h"
#include "domain/sessions/verdict.h"

namespace latchkey::sessions {

// A request as the token path sees it. The views live as long as the request.
struct Use {
  std::size_t worker = 0;  // http::Request::worker
  std::string_view address;
  std::string_view user_agent;
};

// What a client is handed after signing in or refreshing.
struct TokenPair {
  std::string access_token;
  std::optional<std::string> refresh_token;  // for clients that take them
  std::optional<Duration> expires_in;        // of the access token; absent: it does not expire
  std::string scope = {};                    // of an OAuth 2.0 client; empty: the legacy API
};

// What ends, beside a single Session: see Sessions::end(). Each names the account whose row the
// transaction has locked.
struct OneDevice {
  UserId user;
  DeviceKey device;
};
// With the browsers that are signed in to the account pages, except one that goes on.
struct AllOf {
  UserId user;
  std::optional<BrowserSessionId> but = {};
};
// All but what the person holds who is at that browser: it, and the devices that it let in.
struct AllNotHeldAt {
  UserId user;
  BrowserSessionId browser;
};
// What a browser has let in: the apps on the same machine, with their devices. Not the browser.
struct LetInBy {
  UserId user;
  BrowserSessionId browser;
};
// All but one session and its device. Browsers are not told.
struct AllBut {
  const Session& kept;
};
struct Everybody {};

// The sessions of this server. One object for all threads; what it decides is in standing.h and
// refresh.h, what it writes in session_rows.h. Each operation has a file of its own.
//
// Everything that waits throws db::Unavailable when the database is away: 503, never a 401.
class Sessions {
 public:
  struct Parts {
    const Ground& ground;
    Policy policy;
    std::string key_file;
    std::shared_ptr<const keys::KeyRing> keys;
    std::size_t workers = 1;
  };
  explicit Sessions(Parts parts);
  ~Sessions();

  // --- the token path (check_token.cc) ---

  // The remembered entry of a good access token, without waiting; null: ask check().
  TokenCache::Entry* recall(const Use& use, std::string_view token);

  // What an access token is worth now. `slack`: see Question.
  Task<Verdict> check(const Use& use, std::string_view token, Duration slack = Duration{0});
  // The same for what is no part of the Client-Server API (userinfo): any scope will do.
  Task<Verdict> check_any_scope(const Use& use, std::string_view token);

  // The account that an access token leads back to, good or past (remembering.h); absent: none, or
  // nothing that may be told. Changes nothing.
  Task<std::optional<Account>> recognise(const Use& use, std::string_view token);

  // --- what tokens do ---

  // refresh_session.cc. `client` is the OAuth 2.0 client that asks; empty: the legacy API, whose
  // tokens are no client's. The refusal is never active; for a session without a Matrix scope it
  // is never soft: its client has no keys to keep.
  Task<std::expected<TokenPair, Standing>> refresh(const Use& use, std::string_view refresh_token,
                                                   std::string_view client = {});

  // sign_out.cc. Asks which session the access token names, not what it is worth: an expired,
  // locked or softly ended one ends too. The error says why the session did not end.
  Task<std::expected<void, Standing>> sign_out(const Use& use, std::string_view token);
  // RFC 7009: the same by a token of either kind. No error when the session was over.
  Task<std::expected<void, Standing>> revoke(const Use& use, std::string_view token);
  // Ends every session of a good or locked token's account and deletes its devices.
  Task<std::expected<void, Standing>> sign_out_everywhere(const Use& use, std::string_view token);

  // start_session.cc. Begins a session of a person whose password was just held against that hash:
  // start() without the account's lock, for a device whose ID was made up, where nobody listens. It
  // is written if the account is as it was read. Absent: it is to be started under the lock, with
  // `wanted` as this leaves it.
  Task<std::optional<Session>> start_unlocked(const Account& account,
                                              std::string_view password_hash, NewSession& wanted);

  // --- within a transaction of the caller's, which has locked the account (lock_account) ---
  // Without the lock, or for what is another account's, they throw std::logic_error.

  // start_session.cc. A session that the device has already ends softly and the device stays, with
  // its keys on the homeserver: a second tab of the same client must not wipe what was just signed
  // in again (spec "Relationship between access tokens and devices").
  std::expected<Session, StartRefusal> start(db::Tx& tx, const Account& account,
                                             const NewSession& wanted);
  // Of a name that no live device of the user has, or made up when there is none. Absent: they have
  // too many. Nobody needs to sign in on it (MSC4190).
  std::optional<Device> add_device(db::Tx& tx, UserId user,
                                   const std::optional<std::string>& device_id,
                                   const DeviceDetails& details);
  // sign_out.cc. For good: what the devices concerned have open ends too, and they are deleted.
  // Softly: devices and their keys stay. False when the session had ended so before; of several,
  // how many ended.
  bool end(db::Tx& tx, const Session& session, Ended how, EndReason why);
  std::size_t end(db::Tx& tx, const OneDevice& which, Ended how, EndReason why);
  std::size_t end(db::Tx& tx, const AllOf& which, Ended how, EndReason why);
  std::size_t end(db::Tx& tx, const AllNotHeldAt& which, Ended how, EndReason why);
  std::size_t end(db::Tx& tx, const LetInBy& which, Ended how, EndReason why);
  std::size_t end(db::Tx& tx, const AllBut& which, Ended how, EndReason why);
  // Always softly: an operator may have to, and nobody is to lose keys by it.
  std::size_t end(db::Tx& tx, Everybody, EndReason why);

  // The tokens of a session's newest generation. Outside the transaction.
  TokenPair tokens_of(std::size_t worker, const Record& record);

  // Why the session itself is over, locked or waits for a new sign-in; absent: it is not. For an
  // operation that read its token before it took the account's lock.
  std::optional<Standing> over(const Session& session) const;

  // Whether a session goes on (judge_life): for lists.
  Standing standing_of(const Session& session) const;

  // --- upkeep, from one housekeeping thread ---

  // Writes first uses and activity that were noted since the last time.
  void flush_promotions() {
    promotions_.flush(db_, announcer_);
    announcer_.flush(db_);
  }
  void flush_activity() { activity_.flush(db_); }
  void heartbeat();
  // Removes what ended longer ago than the policy keeps it.
  void purge(const Batches& batches = {});
  // Deletes devices that nobody has used for as long as the policy allows (unused_devices.cc), of
  // a bounded batch of all. False: that was the last batch, or there is nothing to be deleted by.
  bool delete_unused_devices();
  // To be run in a transaction at start: what this database may lack is a gap, and the node's keys
  // are listed in it. Returns the heartbeat that it found.
  std::optional<Time> note_gap(db::Tx& tx);
  // To be run in a transaction on each connection that was lost and made again, before anything
  // else: what it finds may be a standby that lacks the newest commits, or a restored backup.
  void reconnected(db::Tx& tx);
  // Takes keys that another node has made, as far as this node's file holds them.
  void take_announced_keys();
  // What another node announced. Does not wait.
  void hear(std::string_view payload);
  // A rotation or replacement: every thread takes the new ring at its next request. Throws
  // db::Unavailable while the database does not answer: the ring is taken when it does again.
  void use_keys(std::shared_ptr<const keys::KeyRing> keys);
  // The ring that is in use.
  std::shared_ptr<const keys::KeyRing> keys() const;
  // What other nodes announced may have been missed: all of it may have happened.
  void may_have_missed();
  // Whether this node hears what the others announce; absent: there are no others. While it does
  // not, nothing is answered from memory.
  void remember_while(std::function<bool()> hears) { hears_ = std::move(hears); }
  bool hears_other_nodes() const { return !hears_ || hears_(); }
  // Whether the database is known to be away, or a part of the connections to it; absent: never.
  void probe_while(std::function<bool()> away) { away_ = std::move(away); }
  // Throws db::Unavailable while this node does not hear the others, or has lost connections, and
  // the database does not answer quickly: nothing waits for one that is likely away.
  Task<void> require_in_touch();
  // The same, and when the database does not answer now.
  Task<void> require_ready();

  Announcer& announcer() { return announcer_; }
  Changes& changes() { return changes_; }
  const Policy& policy() const { return policy_; }
  const std::string& key_file() const { return key_file_; }

 private:
  struct Worker {
    TokenCodec codec;
    std::uint64_t ring = 0;
    TokenCache cache;
    Flights flights;
  };
  // An authentic token with its session's row as it was just read.
  struct Known {
    Token token;
    Session session;
    Changes::Ticket ticket;
    Generation stored_seen = 0;  // without the use that is on its way to the database
  };

  Worker& worker(std::size_t index);
  static std::expected<Token, Standing> read(std::string_view text, Kind kind);
  Task<TokenCodec::Check> check_mac(std::size_t worker, const Token& token);
  void reload_keys();
  // Where every operation on a token begins: reads the row and refuses what no row can make good
  // (a wrong check or tag, a lost key, no row).
  Task<std::expected<Known, Standing>> know(const Use& use, std::string_view text, Kind kind);
  Task<Verdict> judge_token(const Use& use, std::string_view text, Duration slack, bool any_scope);
  Task<Judged> judge_alone(const Use& use, std::string_view text, Duration slack, bool any_scope);
  bool still_holds(const Judged& judged) const;
  bool make_room(db::Tx& tx, UserId user, Holding what);
  // Ends the row and tells it; what remembers its tokens is for the caller to announce.
  bool end_unannounced(db::Tx& tx, UserId user, SessionId id, Ended how, EndReason why);
  bool end_row(db::Tx& tx, UserId user, SessionId id, Ended how, EndReason why);
  std::size_t end_devices(db::Tx& tx, UserId user, const std::vector<DeviceKey>& kept, Ended how,
                          EndReason why);
  std::size_t end_apps(db::Tx& tx, UserId user, std::optional<SessionId> kept, Ended how,
                       EndReason why);
  template <class End>
  Task<std::expected<void, Standing>> end_by_token(const Use& use, std::string_view text, Kind kind,
                                                   End end);
  Task<std::optional<TokenPair>> refresh_remembered(const Use& use, std::string_view refresh_token,
                                                    std::string_view client);
  TokenPair refreshed(const Use& use, const Record& record);
  Task<std::optional<RefreshDecision>> refresh_unlocked(const Known& known,
                                                        const RefreshDecision& foreseen);
  Task<RefreshDecision> refresh_locked(const Known& known);
  std::optional<Duration> refresh_patience() const;
  bool database_is_away() const { return away_ && away_(); }
  Task<void> probe();
  Task<void> remember_future_birth(SessionId id);
  Task<void> move_forward(const Token& token);
  // Who holds the access token of that generation.
  Identity holder_of(const Session& session, Generation generation) const;
  void remember(const Use& use, const Known& known, const Standing& standing, Time now);
  template <class Id>
  void in_batches(const Batches& batches, Time before, auto look, auto remove);
  void note_use(const Use& use, const Session& session, Generation generation, Time now);
  // For a use that comes late (comes_back_late()).
  Task<void> write_use(const Use& use, SessionId id, Time now);
  Question question(const Session& session, Generation generation, Time now) const;

  db::Database& db_;
  const Clock& clock_;
  const events::Events& events_;
  const Policy policy_;
  const std::string key_file_;
  telemetry::Log log_;
  telemetry::Counter& reuses_;
  telemetry::Counter& refreshes_;
  telemetry::Counter& refused_refreshes_;

  IdSource& ids_;
  std::optional<DeviceKey> unused_devices_after_;  // where its next batch begins
  Changes changes_;
  Announcer announcer_{changes_};
  Promotions promotions_;
  RefreshMemory refresh_memory_;
  Activity activity_;
  std::function<bool()> hears_;
  std::function<bool()> away_;
  Reach reach_;

  std::mutex taking_keys_;  // by use_keys() alone, and for as long as the database takes
  mutable std::mutex keys_mutex_;
  std::shared_ptr<const keys::KeyRing> keys_;
  std::shared_ptr<const keys::KeyRing> enlisted_keys_;  // what a new connection has to list
  std::atomic<Reach::Clock::time_point> reconnected_at_{Reach::Clock::time_point::min()};
  std::atomic<std::uint64_t> ring_{1};
  std::atomic<std::int64_t> keys_reloaded_at_{0};
  std::atomic<bool> keys_announced_{false};
  std::vector<std::unique_ptr<Worker>> workers_;
};

}  // namespace latchkey::sessions
