#include "domain/clients/clients.h"

#include <algorithm>
#include <chrono>

#include "domain/clients/client_rows.h"
#include "platform/crypto/hash.h"
#include "platform/text/base64.h"
#include "platform/text/canonical_json.h"
#include "platform/text/json.h"

namespace latchkey::clients {
namespace {

namespace json = boost::json;

constexpr auto kUnused = std::chrono::hours{24 * 30};
// With which nobody has ever signed in: strangers register them.
constexpr auto kNeverUsed = std::chrono::hours{23};
constexpr std::size_t kLongestId = 255;
constexpr Duration kRemembered = std::chrono::minutes{1};
constexpr std::size_t kMostRemembered = 1000;

// 128 bits of the digest in lower case, without letters that are taken for others: people meet it
// in logs and addresses.
std::string id_from(const crypto::Digest& digest) {
  constexpr std::string_view kAlphabet = "0123456789abcdefghjkmnpqrstvwxyz";
  constexpr std::size_t kLength = 26;
  std::string id;
  std::size_t bit = 0;
  for (std::size_t i = 0; i < kLength; ++i, bit += 5) {
    const unsigned pair = (unsigned{digest.at(bit / 8)} << 8) | digest.at(bit / 8 + 1);
    id += kAlphabet[(pair >> (11 - bit % 8)) & 31U];
  }
  return id;
}

}  // namespace

Clients::Clients(const Ground& ground, std::vector<Client> configured, Hosts hosts)
    : ground_(ground), hosts_(hosts) {
  for (Client& client : configured) {
    configured_.push_back(std::make_shared<const Client>(std::move(client)));
  }
}

Task<std::shared_ptr<const Client>> Clients::find(std::string client_id) {
  const auto known =
      std::ranges::find(configured_, client_id, [](const auto& client) { return client->id; });
  if (known != configured_.end()) co_return *known;
  // What the database could not even be asked for.
  const bool can_be = !client_id.empty() && client_id.size() <= kLongestId &&
                      std::ranges::all_of(client_id, [](char c) { return c > ' ' && c < '\x7f'; });
  if (!can_be) co_return nullptr;
  if (auto client = remembered(client_id)) co_return client;
  const auto metadata =
      co_await ground_.db.read([&](db::Tx& tx) { return find_client_metadata(tx, client_id); });
  if (!metadata) co_return nullptr;
  const auto object = text::parse_object(*metadata);
  if (!object) throw db::Error("a client's metadata in the database are not JSON");
  auto client = std::make_shared<const Client>(client_of(std::move(client_id), *object));
  remember(client);
  co_return client;
}

std::shared_ptr<const Client> Clients::remembered(const std::string& client_id) const {
  const std::scoped_lock lock(mutex_);
  const auto found = remembered_.find(client_id);
  if (found == remembered_.end()) return nullptr;
  const Time now = ground_.clock.now();
  const Time read_at = found->second.read_at;
  return read_at <= now && now < read_at + kRemembered ? found->second.client : nullptr;
}

void Clients::remember(std::shared_ptr<const Client> client) {
  const std::scoped_lock lock(mutex_);
  if (remembered_.size() >= kMostRemembered) remembered_.clear();
  const std::string id = client->id;
  remembered_.insert_or_assign(id, Remembered{std::move(client), ground_.clock.now()});
}

Task<std::expected<Clients::Registered, RegistrationError>> Clients::register_client(
    json::object metadata, std::function<bool()> may_add) {
  auto accepted = accept_metadata(metadata, hosts_);
  if (!accepted) co_return std::unexpected(std::move(accepted.error()));
  const std::string kept = text::canonical_json(*accepted);
  const crypto::Digest hash = crypto::sha256(kept);
  const std::string digest = text::encode_base64url(hash);
  const Time now = ground_.clock.now();
  // Most registrations are of a client that somebody else has, and need not write.
  auto row =
      co_await ground_.db.read([&](db::Tx& tx) { return find_client_by_digest(tx, digest); });
  // One that nobody signs in with would be kept for as long as somebody registers it again.
  const bool adds = !row || (!row->signed_in && !is_touched(*row, now));
  if (adds && may_add && !may_add()) {
    co_return std::unexpected(RegistrationError{RegistrationError::Code::too_many, {}});
  }
  if (!row || !is_touched(*row, now)) {
    row = co_await ground_.db.write(
        [&](db::Tx& tx) { return keep_client(tx, id_from(hash), digest, kept, now); });
  }
  auto client = std::make_shared<const Client>(client_of(row->id, *accepted));
  (*accepted)["client_id"] = row->id;
  (*accepted)["client_id_issued_at"] = to_millis(row->created_at) / 1000;
  co_return Registered{
      .client = std::move(client), .metadata = std::move(*accepted), .issued_at = row->created_at};
}

void Clients::note_use(db::Tx& tx, std::string_view client_id) {
  touch_client(tx, client_id, ground_.clock.now());
}

Task<bool> Clients::first_use(const AssertionUse& use) {
  co_return co_await ground_.db.write([&](db::Tx& tx) { return note_assertion(tx, use); });
}

void Clients::purge(const Batches& batches) {
  const Time now = ground_.clock.now();
  batches.run(ground_.db,
              [now](db::Tx& tx, std::int64_t limit) { return purge_assertions(tx, now, limit); });
  batches.run(ground_.db, [now](db::Tx& tx, std::int64_t limit) {
    return delete_unused_clients(tx, now - kUnused, now - kNeverUsed, limit);
  });
}

}  // namespace latchkey::clients
