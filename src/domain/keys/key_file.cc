#include "domain/keys/key_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "platform/crypto/random.h"
#include "platform/text/base64.h"
#include "platform/text/fields.h"
#include "platform/text/json.h"
#include "platform/text/rfc3339.h"

namespace latchkey::keys {
namespace {

using Keys = std::vector<ServerKey>;
using Ring = std::expected<std::shared_ptr<const KeyRing>, Sentence>;

std::unexpected<Sentence> fail(std::string sentence) {
  return std::unexpected(std::move(sentence));
}

std::expected<ServerKey, Sentence> parse_key(const boost::json::value& value) {
  ServerKey key;
  if (!value.is_object()) return fail("a key is not an object");
  text::Fields fields(value.get_object());
  key.id = static_cast<std::uint8_t>(fields.required_int("id", 1, 255));
  const auto secret = fields.required_string("secret");
  const auto created = text::parse_rfc3339(fields.required_string("created_at"));
  if (fields.error()) return fail(fields.error()->sentence);
  if (!text::decode_base64url(secret, key.secret)) return fail("a secret is not 256 bits");
  if (!created) return fail("created_at is not a time");
  key.created_at = *created;
  return key;
}

// Absent: there is no such file.
std::expected<std::optional<Keys>, Sentence> read_file(const std::string& path) {
  struct stat info{};
  if (::stat(path.c_str(), &info) != 0) {
    if (errno == ENOENT) return std::nullopt;
    return fail(fmt::format("cannot read the key file {}: {}", path, std::strerror(errno)));
  }
  if ((info.st_mode & 077) != 0) {
    return fail(
        fmt::format("the key file {} can be read by others; run: chmod 600 {}", path, path));
  }
  std::ifstream in(path, std::ios::binary);
  const std::string text(std::istreambuf_iterator<char>(in), {});
  const auto object = text::parse_object(text);
  const auto* list = object ? object->if_contains("keys") : nullptr;
  if (!in || list == nullptr || !list->is_array() || list->get_array().empty()) {
    return fail(fmt::format("{} is not a key file of Latchkey", path));
  }
  Keys keys;
  for (const auto& value : list->get_array()) {
    auto key = parse_key(value);
    if (!key) return fail(fmt::format("{} is damaged: {}", path, key.error()));
    keys.push_back(*key);
  }
  std::ranges::sort(keys, {}, &ServerKey::id);
  if (std::ranges::adjacent_find(keys, {}, &ServerKey::id) != keys.end()) {
    return fail(fmt::format("{} is damaged: a key id stands there twice", path));
  }
  return keys;
}

int open_folder(const std::string& path) {
  const auto folder = std::filesystem::absolute(path).parent_path();
  return ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

// Held from the reading of the file to the last word of the list: of two commands that make a key
// at once on one machine, the second would otherwise write its file over the first one's key, or
// take that key back with its own. It locks the folder, since the file is replaced; a file system
// that cannot lock is one on which nobody else does.
class OneAtATime {
 public:
  explicit OneAtATime(const std::string& path) : folder_(open_folder(path)) {
    while (folder_ >= 0 && ::flock(folder_, LOCK_EX) != 0 && errno == EINTR) {
    }
  }
  ~OneAtATime() {
    if (folder_ >= 0) ::close(folder_);
  }
  OneAtATime(const OneAtATime&) = delete;
  OneAtATime& operator=(const OneAtATime&) = delete;

 private:
  const int folder_;
};

bool write_all(int file, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(file, text.data(), text.size());
    if (written < 0) return false;
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  return ::fsync(file) == 0;
}

void sync_folder(const std::string& path) {
  const int fd = open_folder(path);
  if (fd < 0) return;
  ::fsync(fd);
  ::close(fd);
}

// All or nothing: a crash leaves the old file or the new one.
std::expected<void, Sentence> write_file(const std::string& path, const Keys& keys) {
  boost::json::array list;
  for (const ServerKey& key : keys) {
    list.push_back({{"id", key.id},
                    {"created_at", text::format_rfc3339(key.created_at)},
                    {"secret", text::encode_base64url(key.secret)}});
  }
  const std::string text =
      boost::json::serialize(boost::json::object{{"keys", std::move(list)}}) + "\n";
  const std::string fresh = path + ".new";
  const int file = ::open(fresh.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  const bool written = file >= 0 && write_all(file, text);
  const int reason = errno;
  if (file >= 0) ::close(file);
  if (!written || ::rename(fresh.c_str(), path.c_str()) != 0) {
    return fail(fmt::format("cannot write the key file {}: {}", path,
                            std::strerror(written ? errno : reason)));
  }
  sync_folder(path);
  return {};
}

void enlist(db::Tx& tx, const ServerKey& key) {
  tx.run(
      "INSERT INTO server_keys (id, fingerprint, created_at) VALUES (:id, :print, :now)"
      " ON CONFLICT DO NOTHING",
      static_cast<int>(key.id), key.fingerprint(), key.created_at);
}

std::shared_ptr<const KeyRing> ring(Keys keys, const std::vector<ListedKey>& listed) {
  std::vector<std::uint8_t> lost;
  for (const ListedKey& known : listed) {
    if (!known.lost_at) continue;
    lost.push_back(known.id);
    std::erase_if(keys, [&](const ServerKey& key) {
      return key.id == known.id && key.fingerprint() != known.fingerprint;
    });
  }
  return std::make_shared<const KeyRing>(std::move(keys), lost);
}

// An id is never used twice, so the next one is past all that either side has seen.
std::expected<ServerKey, Sentence> fresh_key(const Keys& keys, const std::vector<ListedKey>& listed,
                                             Time now) {
  int newest = 0;
  for (const ServerKey& key : keys) newest = std::max<int>(newest, key.id);
  for (const ListedKey& key : listed) newest = std::max<int>(newest, key.id);
  if (newest == 255) return fail("all 255 key ids are used up");
  return ServerKey{.id = static_cast<std::uint8_t>(newest + 1),
                   .secret = crypto::random_array<32>(),
                   .created_at = now};
}

const ServerKey* find(const Keys& keys, std::uint8_t id) {
  const auto found = std::ranges::find(keys, id, &ServerKey::id);
  return found == keys.end() ? nullptr : &*found;
}

// Every key of the list that was not given up must be in the file, and be the same.
std::expected<void, Sentence> compare(const Keys& keys, const std::vector<ListedKey>& listed,
                                      const std::string& path) {
  for (const ListedKey& known : listed) {
    if (known.lost_at) continue;
    const ServerKey* key = find(keys, known.id);
    if (key != nullptr && key->fingerprint() == known.fingerprint) continue;
    return fail(fmt::format(
        "the key file {} {} key {} that this database's tokens were made with. Put the right file "
        "back; if it is lost for good, run: latchkey keys replace (everybody then signs in again "
        "and keeps their encryption keys)",
        path, key == nullptr ? "lacks" : "has a different", known.id));
  }
  return {};
}

std::unexpected<Sentence> same_id_taken() {
  return fail("another node has just made a key; copy its key file here and try again");
}

// The file first: a key that is in the file alone is enlisted at the next start, one that were
// in the list alone would stop it.
Ring add_key(db::Database& db, const std::string& path, Keys keys, Time now, bool give_up_missing) {
  const auto listed = db.read_now([](db::Tx& tx) { return list_keys(tx); });
  auto key = fresh_key(keys, listed, now);
  if (!key) return fail(key.error());
  const Keys before = keys;
  keys.push_back(*key);
  if (auto written = write_file(path, keys); !written) return fail(written.error());
  const auto now_listed = db.write_now([&](db::Tx& tx) {
    for (const ListedKey& known : list_keys(tx)) {
      const ServerKey* held = find(keys, known.id);
      const bool lost = held == nullptr || held->fingerprint() != known.fingerprint;
      if (give_up_missing && lost && !known.lost_at) {
        tx.run("UPDATE server_keys SET lost_at = :now WHERE id = :id", now,
               static_cast<int>(known.id));
      }
    }
    for (const ServerKey& held : keys) enlist(tx, held);
    tx.notify(kKeysChanged);
    return list_keys(tx);
  });
  if (auto same = compare(keys, now_listed, path); !same) {
    // Another node made a key under the same id in the meantime, and was first.
    if (before.empty()) {
      std::filesystem::remove(path);
    } else if (auto undone = write_file(path, before); !undone) {
      return fail(undone.error());
    }
    return same_id_taken();
  }
  return ring(keys, now_listed);
}

Ring open_undisturbed(db::Database& db, const std::string& path, Time now) {
  auto keys = read_file(path);
  if (!keys) return fail(keys.error());
  const auto listed = db.read_now([](db::Tx& tx) { return list_keys(tx); });
  if (!*keys) {
    if (listed.empty()) return add_key(db, path, {}, now, false);
    keys->emplace();
  }
  if (auto same = compare(**keys, listed, path); !same) return fail(same.error());
  if ((*keys)->empty()) return fail(fmt::format("the key file {} is missing", path));
  // A key that the file alone knows was made after the backup that was restored.
  return ring(**keys, db.write_now([&](db::Tx& tx) {
    for (const ServerKey& key : **keys) enlist(tx, key);
    return list_keys(tx);
  }));
}

}  // namespace

std::optional<Sentence> problem_of_file(const std::string& path) {
  const auto keys = read_file(path);
  if (!keys) return keys.error();
  if (*keys) return std::nullopt;
  const std::string folder = std::filesystem::absolute(path).parent_path().string();
  if (::access(folder.c_str(), W_OK | X_OK) == 0) return std::nullopt;
  return fmt::format("cannot write the key file {}: {}", path, std::strerror(errno));
}

Ring open_keys(db::Database& db, const std::string& path, Time now) {
  const OneAtATime alone(path);
  return open_undisturbed(db, path, now);
}

Ring rotate_keys(db::Database& db, const std::string& path, Time now) {
  const OneAtATime alone(path);
  if (auto opened = open_undisturbed(db, path, now); !opened) return fail(opened.error());
  auto keys = read_file(path);
  if (!keys || !*keys) return fail(keys ? "the key file has just vanished" : keys.error());
  return add_key(db, path, **keys, now, false);
}

Ring replace_keys(db::Database& db, const std::string& path, Time now) {
  const OneAtATime alone(path);
  auto keys = read_file(path);
  if (!keys) return fail(keys.error());
  Keys kept;
  const auto listed = db.read_now([](db::Tx& tx) { return list_keys(tx); });
  for (const ServerKey& key : keys->value_or(Keys{})) {
    // A key under an id that another key has used must not sign or check anything.
    const auto known = std::ranges::find(listed, key.id, &ListedKey::id);
    if (known == listed.end() || known->fingerprint == key.fingerprint()) kept.push_back(key);
  }
  return add_key(db, path, std::move(kept), now, true);
}

std::vector<ListedKey> list_keys(db::Tx& tx) {
  std::vector<ListedKey> result;
  for (auto& [id, fingerprint, created, lost] : tx.all<int, std::string, Time, std::optional<Time>>(
           "SELECT id, fingerprint, created_at, lost_at FROM server_keys ORDER BY id")) {
    result.push_back({static_cast<std::uint8_t>(id), std::move(fingerprint), created, lost});
  }
  return result;
}

void enlist(db::Tx& tx, const KeyRing& ring, Time now) {
  for (const ServerKey& key : ring.keys()) enlist(tx, key);
  for (int id = 1; id <= 255; ++id) {
    const auto held = std::ranges::find(ring.keys(), id, &ServerKey::id);
    if (!ring.lost(static_cast<std::uint8_t>(id)) || held != ring.keys().end()) continue;
    tx.run("UPDATE server_keys SET lost_at = :now WHERE id = :id AND lost_at IS NULL", now, id);
  }
}

bool key_listed(db::Tx& tx, std::uint8_t id) {
  return tx.one<int>("SELECT 1 FROM server_keys WHERE id = :id", static_cast<int>(id)).has_value();
}

bool later_than_all_keys(db::Tx& tx, std::uint8_t id) {
  return !tx.one<int>("SELECT 1 FROM server_keys WHERE id >= :id LIMIT 1", static_cast<int>(id));
}

bool key_lost(db::Tx& tx, std::uint8_t id) {
  return tx
      .one<int>("SELECT 1 FROM server_keys WHERE id = :id AND lost_at IS NOT NULL",
                static_cast<int>(id))
      .has_value();
}

}  // namespace latchkey::keys
