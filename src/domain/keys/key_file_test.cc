#include "domain/keys/key_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <thread>
#include <vector>

#include "domain/schema/schema.h"
#include "platform/db/engines_testing.h"
#include "platform/db/migration.h"
#include "platform/error_testing.h"

namespace latchkey::keys {
namespace {

using namespace std::chrono_literals;

constexpr Time kNoon = Time{Duration{1'800'000'000'000}};
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

class KeyFile : public ::testing::TestWithParam<db::Dialect> {
 protected:
  KeyFile() {
    database_.reopen();
    db::migrate(*database_, schema::migrations());
    path_ = (database_.file().parent_path() / "keys").string();
  }

  auto open() { return open_keys(*database_, path_, kNoon); }
  std::shared_ptr<const KeyRing> opened() { return open().value(); }
  auto rotate() { return rotate_keys(*database_, path_, kNoon + 1h); }
  auto replace() { return replace_keys(*database_, path_, kNoon + 1h); }
  std::vector<ListedKey> listed() { return database_->read_now(list_keys); }
  // The sentence with which a start is refused; "opened" when it is not.
  std::string refusal() {
    const auto keys = open();
    return keys ? "opened" : error_of(keys);
  }

  std::string read() const {
    std::ifstream in(path_, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  void write(std::string_view text) const {
    std::ofstream(path_, std::ios::binary | std::ios::trunc) << text;
  }
  // Those of a file's content, to be put into another.
  static std::string entries(const std::string& file) {
    return file.substr(file.find("[{") + 1, file.rfind("}]") - file.find("[{"));
  }
  void remove() const { std::filesystem::remove(path_); }
  void forget_list() {
    database_->write_now([](db::Tx& tx) { tx.run("DELETE FROM server_keys"); });
  }

  db::TestDatabase database_{GetParam()};
  std::string path_;
};

INSTANTIATE_TEST_SUITE_P(Engines, KeyFile, db::engines(), db::engine_name);

TEST_P(KeyFile, IsMadeForADatabaseThatListsNone) {
  const auto keys = opened();
  ASSERT_EQ(keys->keys().size(), 1U);
  EXPECT_EQ(keys->current().id, 1);
  struct stat info{};
  ASSERT_EQ(::stat(path_.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600U);
  ASSERT_EQ(listed().size(), 1U);
  EXPECT_EQ(listed()[0].fingerprint, keys->current().fingerprint());
  EXPECT_EQ(listed()[0].created_at, kNoon);
  EXPECT_FALSE(listed()[0].lost_at.has_value());
}

TEST_P(KeyFile, IsReadAgain) {
  const auto first = opened();
  EXPECT_EQ(opened()->current().secret, first->current().secret);
  EXPECT_EQ(listed().size(), 1U);
}

TEST_P(KeyFile, EachDatabaseHasItsOwn) {
  const auto first = opened();
  remove();
  forget_list();
  EXPECT_NE(opened()->current().secret, first->current().secret);
}

TEST_P(KeyFile, TellsNothingToTheDatabase) {
  const auto keys = opened();
  const std::string print = keys->current().fingerprint();
  EXPECT_EQ(print.size(), 22U);
  EXPECT_THAT(read(), Not(HasSubstr(print)));
}

TEST_P(KeyFile, MissingStopsTheStartAndMakesNone) {
  opened();
  remove();
  EXPECT_THAT(refusal(), AllOf(HasSubstr("lacks key 1"), HasSubstr("latchkey keys replace")));
  EXPECT_FALSE(std::filesystem::exists(path_));
}

TEST_P(KeyFile, OfAnotherDatabaseStopsTheStart) {
  opened();
  const std::string right = read();
  remove();
  forget_list();
  opened();
  const std::string other = read();
  write(right);
  EXPECT_THAT(refusal(), HasSubstr("has a different key 1"));
  write(other);
  EXPECT_EQ(refusal(), "opened");
}

// A restored database is older than the file.
TEST_P(KeyFile, WithMoreKeysThanTheListIsRightAndEnlistsThem) {
  opened();
  rotate().value();
  database_->write_now([](db::Tx& tx) { tx.run("DELETE FROM server_keys WHERE id = 2"); });
  const auto keys = opened();
  EXPECT_EQ(keys->current().id, 2);
  EXPECT_EQ(listed().size(), 2U);
}

TEST_P(KeyFile, ThatOthersCanReadIsRefused) {
  opened();
  for (const unsigned mode : {0640U, 0604U, 0620U}) {
    ::chmod(path_.c_str(), mode);
    EXPECT_THAT(refusal(), HasSubstr("chmod 600"));
  }
  ::chmod(path_.c_str(), 0400);
  EXPECT_EQ(refusal(), "opened");
}

TEST_P(KeyFile, DamagedStopsTheStartAndStaysAsItIs) {
  opened();
  const std::string good = read();
  const auto id = good.find("\"id\":1");
  const auto secret = good.find("\"secret\":\"") + 10;
  ASSERT_NE(id, good.npos);
  const auto with = [&](std::size_t at, std::size_t size, std::string_view text) {
    std::string changed = good;
    return changed.replace(at, size, text);
  };
  const std::string twice = good.substr(good.find('{', 1), good.find('}') + 1 - good.find('{', 1));
  const std::string damaged[] = {
      "",
      "x",
      "[]",
      "{}",
      R"({"keys":{}})",
      R"({"keys":[]})",
      R"({"keys":[1]})",
      good.substr(0, good.size() / 2),
      with(id, 6, "\"id\":0"),
      with(id, 6, "\"id\":256"),
      with(id, 6, "\"id\":\"1\""),
      with(secret, 1, ""),
      with(secret, 1, "!"),
      with(good.find("\"created_at\":\"") + 14, 4, "year"),
      R"({"keys":[)" + twice + "," + twice + "]}",
  };
  for (const std::string& text : damaged) {
    write(text);
    EXPECT_NE(refusal(), "opened") << text.substr(0, 12) << "…";
    EXPECT_THAT(refusal(), HasSubstr(path_));
    EXPECT_THAT(refusal(), Not(HasSubstr(good.substr(secret, 20)))) << "no secret in the sentence";
    EXPECT_EQ(read(), text);
    EXPECT_FALSE(rotate().has_value());
    EXPECT_EQ(read(), text);
  }
  // Nor does it become the file of a database that lists no key with which it would not agree.
  forget_list();
  for (const std::string& text : damaged) {
    write(text);
    EXPECT_NE(refusal(), "opened") << text.substr(0, 12) << "…";
    EXPECT_EQ(read(), text);
  }
}

TEST_P(KeyFile, RotationAddsAKeyThatSignsAndKeepsTheOthers) {
  const auto first = opened();
  const auto second = rotate().value();
  ASSERT_EQ(second->keys().size(), 2U);
  EXPECT_EQ(second->current().id, 2);
  EXPECT_EQ(second->keys()[0].secret, first->current().secret);
  EXPECT_EQ(listed().size(), 2U);
  EXPECT_EQ(opened()->current().secret, second->current().secret);
}

TEST_P(KeyFile, RotationNeedsTheRightFile) {
  opened();
  remove();
  EXPECT_FALSE(rotate().has_value());
  EXPECT_FALSE(std::filesystem::exists(path_));
  EXPECT_EQ(listed().size(), 1U);
}

// Or they would refuse tokens of it until they meet one and look.
TEST_P(KeyFile, OtherNodesHearOfANewKey) {
  if (GetParam() == db::Dialect::sqlite) GTEST_SKIP() << "has no other nodes";
  opened();
  std::atomic<int> heard{0};
  const auto listener = database_->listen(
      {.on_message = [&](std::string_view payload) { heard += payload == kKeysChanged ? 1 : 0; },
       .on_reconnect = {}});
  const auto soon = [](const auto& condition) {
    const auto deadline = std::chrono::steady_clock::now() + 1min;
    while (!condition()) {
      if (std::chrono::steady_clock::now() > deadline) return false;
      std::this_thread::yield();
    }
    return true;
  };
  ASSERT_TRUE(soon([&] { return listener->last_heard() != db::Listener::Clock::time_point{}; }));
  rotate().value();
  EXPECT_TRUE(soon([&] { return heard == 1; }));
}

TEST_P(KeyFile, ReplacementGoesOnWithoutALostFile) {
  opened();
  rotate().value();
  remove();
  const auto keys = replace().value();
  ASSERT_EQ(keys->keys().size(), 1U);
  EXPECT_EQ(keys->current().id, 3) << "an id is never used twice";
  EXPECT_TRUE(keys->lost(1));
  EXPECT_TRUE(keys->lost(2));
  EXPECT_FALSE(keys->lost(3));
  EXPECT_EQ(listed()[0].lost_at, kNoon + 1h);
  EXPECT_TRUE(opened()->lost(1)) << "and at the next start too";
}

// A standby that takes over may be from before the replacement: no node would start any longer.
TEST_P(KeyFile, WhatWasGivenUpIsGivenUpInAnOlderDatabase) {
  opened();
  const std::string found = read();
  remove();
  const auto keys = replace().value();
  const auto go_back = [&] {
    database_->write_now([](db::Tx& tx) {
      tx.run("DELETE FROM server_keys WHERE id > 1");
      tx.run("UPDATE server_keys SET lost_at = NULL");
    });
  };
  go_back();
  EXPECT_THAT(refusal(), HasSubstr("lacks key 1"));
  database_->write_now([&](db::Tx& tx) { enlist(tx, *keys, kNoon + 2h); });
  ASSERT_EQ(listed().size(), 2U);
  EXPECT_EQ(listed()[0].lost_at, kNoon + 2h);
  EXPECT_EQ(listed()[1].lost_at, std::nullopt);
  EXPECT_TRUE(opened()->lost(1));
  // Not one whose file was found again, though it had been given up.
  write("{\"keys\":[" + entries(found) + "," + entries(read()) + "]}");
  const auto both = opened();
  ASSERT_EQ(both->keys().size(), 2U);
  go_back();
  database_->write_now([&](db::Tx& tx) { enlist(tx, *both, kNoon + 3h); });
  EXPECT_EQ(listed()[0].lost_at, std::nullopt);
}

TEST_P(KeyFile, ReplacementKeepsTheKeysThatAreThere) {
  opened();
  const std::string older = read();
  rotate().value();
  write(older);  // the file from before the rotation
  EXPECT_THAT(refusal(), HasSubstr("lacks key 2"));
  const auto keys = replace().value();
  EXPECT_EQ(keys->keys().size(), 2U);
  EXPECT_FALSE(keys->lost(1));
  EXPECT_TRUE(keys->lost(2));
  EXPECT_EQ(keys->current().id, 3);
}

TEST_P(KeyFile, ReplacementTrustsNoOtherKeyUnderAUsedId) {
  opened();
  const std::string right = read();
  remove();
  forget_list();
  const auto other = opened();
  const std::string wrong = read();
  write(right);
  const auto keys = replace().value();
  EXPECT_TRUE(keys->lost(1));
  ASSERT_EQ(keys->keys().size(), 1U);
  EXPECT_EQ(keys->current().id, 2);
  EXPECT_NE(keys->current().secret, other->current().secret);
  const std::string foreign = right.substr(right.find("\"secret\":\"") + 10, 43);
  EXPECT_THAT(read(), Not(HasSubstr(foreign))) << "nor does it stay in the file";
  write(wrong);
  EXPECT_THAT(refusal(), HasSubstr("lacks key 2"));
}

TEST_P(KeyFile, ALostFileThatIsFoundAgainIsGood) {
  const auto first = opened();
  const std::string found = read();
  remove();
  replace().value();
  const std::string fresh = read();
  write("{\"keys\":[" + entries(found) + "," + entries(fresh) + "]}");
  const auto keys = opened();
  ASSERT_EQ(keys->keys().size(), 2U);
  EXPECT_EQ(keys->keys()[0].secret, first->current().secret);
  EXPECT_EQ(keys->current().id, 2);
}

TEST_P(KeyFile, AnotherNodeThatWasFirstWins) {
  opened();
  const std::string before = read();
  // Between this node's look at the list and its write, as the other node's rotation would.
  const std::string fresh_path = path_ + ".other";
  std::filesystem::copy_file(path_, fresh_path);
  ::chmod(fresh_path.c_str(), 0600);
  ASSERT_TRUE(rotate_keys(*database_, fresh_path, kNoon).has_value());
  const auto keys = rotate();
  ASSERT_FALSE(keys.has_value());
  EXPECT_THAT(error_of(keys), HasSubstr("key 2"));
  EXPECT_EQ(read(), before);
  EXPECT_EQ(listed().size(), 2U);
}

// Command lines and starts on one machine have one file.
TEST_P(KeyFile, IsChangedByOneAtATime) {
  const auto at_once = [](auto change) {
    std::vector<std::jthread> others;
    for (int i = 0; i < 4; ++i) others.emplace_back(change);
  };
  at_once([this] { EXPECT_EQ(refusal(), "opened"); });
  ASSERT_EQ(listed().size(), 1U);
  at_once([this] { EXPECT_TRUE(rotate().has_value()); });
  ASSERT_EQ(refusal(), "opened");
  EXPECT_EQ(listed().size(), 5U);
  EXPECT_EQ(opened()->keys().size(), 5U);
}

TEST_P(KeyFile, IdsRunOut) {
  opened();
  database_->write_now([](db::Tx& tx) {
    tx.run(
        "INSERT INTO server_keys (id, fingerprint, created_at, lost_at) VALUES (255, 'x', 1, 1)");
  });
  const auto keys = rotate();
  ASSERT_FALSE(keys.has_value());
  EXPECT_THAT(error_of(keys), HasSubstr("255"));
}

TEST_P(KeyFile, ThatCannotBeWrittenIsAFault) {
  opened();
  const std::string elsewhere = (database_.file().parent_path() / "no/such/folder").string();
  forget_list();
  const auto keys = open_keys(*database_, elsewhere, kNoon);
  ASSERT_FALSE(keys.has_value());
  EXPECT_THAT(error_of(keys), HasSubstr("cannot write"));
  EXPECT_TRUE(listed().empty()) << "the file first";
}

TEST_P(KeyFile, ListsWhatItKnows) {
  opened();
  EXPECT_TRUE(database_->read_now([](db::Tx& tx) { return key_listed(tx, 1); }));
  EXPECT_FALSE(database_->read_now([](db::Tx& tx) { return key_listed(tx, 2); }));
}

}  // namespace
}  // namespace latchkey::keys
