#pragma once

#include <boost/json/object.hpp>
#include <chrono>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "domain/accounts/audit.h"
#include "domain/oauth/signing_key_rows.h"
#include "domain/sessions/sessions.h"
#include "platform/jose/key.h"

// The keys that sign ID tokens (docs/formats/keys.md): one of each algorithm at a time, the same on
// every node, in the database, sealed with a server key.
namespace latchkey::oauth {

// How long a node goes by what it read.
inline constexpr Duration kKeysRemembered = std::chrono::seconds{5};
// For how long caches between here and the clients may keep the published keys.
inline constexpr Duration kKeysCached = std::chrono::seconds{60};
// How long the old keys still sign after a rotation, so that every node publishes the new ones, and
// every cache has them, before any of them signs.
inline constexpr Duration kKeyHandover = std::chrono::seconds{90};
// How long a key is published after it signed for the last time: the life of an ID token, and a day
// for clients that keep theirs to sign out with.
inline constexpr Duration kKeyPublished = std::chrono::hours{25};

// The keys as they were read. Never changed.
class SigningKeySet {
 public:
  SigningKeySet(const std::vector<SigningKeyRow>& rows, std::shared_ptr<const keys::KeyRing> ring,
                Time now);

  // The next to retire of those that are not retired and that this node can open, else the oldest;
  // null: there is none.
  const jose::Key* signer(jose::Algorithm algorithm, Time now) const;
  // A JSON Web Token of these claims; `type` is its typ.
  std::string sign(jose::Algorithm algorithm, const boost::json::object& claims, Time now,
                   std::string_view type = "JWT") const;
  // Public keys, those that sign before the retired ones.
  const std::vector<jose::Key>& published() const { return published_; }
  // A JWK set (RFC 7517 section 5) of them, as text.
  const std::string& jwks() const { return jwks_; }

  // Whether it may still be gone by.
  bool fresh(const std::shared_ptr<const keys::KeyRing>& ring, Time now) const;
  // Whether a key of each algorithm can sign.
  bool whole(Time now) const;

 private:
  struct Signer {
    jose::Key key;
    std::optional<Time> retired_at;
  };

  std::shared_ptr<const keys::KeyRing> ring_;
  Time read_at_;
  std::vector<Signer> signers_;  // the oldest first
  std::vector<jose::Key> published_;
  std::string jwks_;
};

// One object for all threads. Everything that waits throws db::Unavailable when the database is
// away.
class SigningKeys {
 public:
  SigningKeys(const Ground& ground, sessions::Sessions& sessions)
      : ground_(ground), sessions_(sessions) {}

  // Makes keys where there are none: at the first need, and after the server key was lost that
  // sealed them.
  Task<std::shared_ptr<const SigningKeySet>> current();
  // The same, blocking: at start, so that no request waits for an RSA key (some 100 ms), and for
  // the threads of the outbox.
  std::shared_ptr<const SigningKeySet> current_now();

  // New keys; the old ones hand over and are published for a while. With an entry in the audit.
  // Returns all that are published then. The new RSA key is made on the caller's thread.
  Task<std::vector<SigningKeyRow>> rotate(accounts::Operator by);

  // Removes what is published no more. From the housekeeping thread.
  void purge();

 private:
  std::shared_ptr<const SigningKeySet> remembered() const;
  std::shared_ptr<const SigningKeySet> remember(const std::vector<SigningKeyRow>& rows);

  const Ground& ground_;
  sessions::Sessions& sessions_;
  mutable std::mutex mutex_;
  std::shared_ptr<const SigningKeySet> set_;
};

}  // namespace latchkey::oauth
