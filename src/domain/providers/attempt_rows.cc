#include "domain/providers/attempt_rows.h"

#include <boost/json/serialize.hpp>

#include "platform/crypto/kept_hash.h"
#include "platform/crypto/seal.h"
#include "platform/text/base64.h"
#include "platform/text/json.h"

namespace latchkey::providers {
namespace {

constexpr std::string_view kKept = "way to an identity provider";

std::string sealed(std::string_view state, const boost::json::object& kept) {
  return text::encode_base64url(
      crypto::seal(crypto::seal_key_of(state, kKept), boost::json::serialize(kept), kKept));
}

// Absent: it was not sealed with that state.
std::optional<boost::json::object> unsealed(std::string_view state, std::string_view kept) {
  const auto bytes = text::decode_base64url(kept);
  if (!bytes) return std::nullopt;
  const auto text = crypto::unseal(crypto::seal_key_of(state, kKept), *bytes, kKept);
  if (!text) return std::nullopt;
  auto object = text::parse_object(*text);
  if (!object) return std::nullopt;
  return std::move(*object);
}

}  // namespace

std::string attempt_hash(std::string_view state) { return crypto::kept_hash(state); }

std::optional<Attempt> find_attempt(db::Tx& tx, std::string_view state) {
  const std::string hash = attempt_hash(state);
  const auto row = tx.one<std::string, Purpose, std::string, std::optional<UserId>, std::string,
                          Time, std::optional<Time>, Time>(
      "SELECT provider, purpose, browser, user_id, kept, begun_at, arrived_at, expires_at"
      " FROM provider_attempts WHERE hash = :hash",
      hash);
  if (!row) return std::nullopt;
  const auto& [provider, purpose, browser, user, kept, begun_at, arrived_at, expires_at] = *row;
  auto opened = unsealed(state, kept);
  if (!opened) return std::nullopt;
  return Attempt{.hash = hash,
                 .provider = provider,
                 .purpose = purpose,
                 .browser = browser,
                 .user = user,
                 .kept = std::move(*opened),
                 .begun_at = begun_at,
                 .arrived_at = arrived_at,
                 .expires_at = expires_at};
}

void insert_attempt(db::Tx& tx, std::string_view state, const Attempt& attempt) {
  tx.run(
      "INSERT INTO provider_attempts (hash, provider, purpose, browser, user_id, kept, begun_at,"
      " expires_at) VALUES (:hash, :provider, :purpose, :browser, :user, :kept, :begun, :expires)",
      attempt_hash(state), attempt.provider, attempt.purpose, attempt.browser, attempt.user,
      sealed(state, attempt.kept), attempt.begun_at, attempt.expires_at);
}

bool arrive(db::Tx& tx, std::string_view state, const Attempt& attempt) {
  return tx.run(
             "UPDATE provider_attempts SET kept = :kept, arrived_at = :arrived,"
             " expires_at = :expires WHERE hash = :hash AND arrived_at IS NULL",
             sealed(state, attempt.kept), attempt.arrived_at, attempt.expires_at,
             attempt_hash(state)) == 1;
}

void keep(db::Tx& tx, std::string_view state, const Attempt& attempt) {
  tx.run("UPDATE provider_attempts SET kept = :kept WHERE hash = :hash",
         sealed(state, attempt.kept), attempt_hash(state));
}

void keep_until_arrival(db::Tx& tx, std::string_view state, const Attempt& attempt) {
  tx.run("UPDATE provider_attempts SET kept = :kept WHERE hash = :hash AND arrived_at IS NULL",
         sealed(state, attempt.kept), attempt_hash(state));
}

bool delete_attempt(db::Tx& tx, std::string_view hash) {
  return tx.run("DELETE FROM provider_attempts WHERE hash = :hash", hash) == 1;
}

void delete_attempts_of(db::Tx& tx, UserId user) {
  tx.run("DELETE FROM provider_attempts WHERE user_id = :user", user);
}

std::int64_t delete_expired_attempts(db::Tx& tx, Time now, std::int64_t limit) {
  return tx.run(
      "DELETE FROM provider_attempts WHERE hash IN"
      " (SELECT hash FROM provider_attempts WHERE expires_at <= :now LIMIT :limit)",
      now, limit);
}

}  // namespace latchkey::providers
