// What a token is worth whose server key is not the one at hand: made since, lost, or never there.
#include <gtest/gtest.h>

#include <filesystem>

#include "domain/keys/key_file.h"
#include "domain/sessions/check_token_testing.h"
#include "platform/error_testing.h"

namespace latchkey::sessions {
namespace {

using namespace std::chrono_literals;
using testing::TestSessions;

class KeysOfTokens : public testing::CheckToken {
 protected:
  // Of a key that the server has not made.
  static TokenCodec codec_of_key(std::uint8_t id) {
    const keys::ServerKey key{.id = id, .secret = {1, 2, 3}, .created_at = {}};
    return TokenCodec(
        std::make_shared<const keys::KeyRing>(std::vector{key}, std::vector<std::uint8_t>{}));
  }
};

INSTANTIATE_TEST_SUITE_P(Engines, KeysOfTokens, db::engines(), db::engine_name);

TEST_P(KeysOfTokens, AKeyThatNeverWasIsForgedAndNoReasonToWait) {
  // A token of a key that this database does not list, though its check fits that key.
  TokenCodec codec = codec_of_key(200);
  expect(codec.mint(Kind::access, phone_.id(), 0, phone_.session.record.nonce), Worth::unknown,
         Reason::forged);
}

// The backup may be from before the first start, or the database a new one beside an old key file,
// and the node that has the newest file not have listed its keys yet.
TEST_P(KeysOfTokens, AKeyFromBeforeANewDatabaseIsNotForged) {
  TokenCodec codec = codec_of_key(2);
  const auto token = [&](Time born) {
    IdSource ids;
    return codec.mint(Kind::access, ids.next<SessionId>(born), 0, phone_.session.record.nonce);
  };
  const Time start = server_.clock.now();
  expect(token(start - 1h), Worth::soft, Reason::key_lost);
  expect(token(start + 1min), Worth::unknown, Reason::forged);
}

TEST_P(KeysOfTokens, AKeyFromBeforeARestoreIsNotForgedWhereItIsNotKnown) {
  // The node with its file has not enlisted it again, and this one has no copy of that file.
  TokenCodec codec = codec_of_key(2);
  const std::string token = codec.mint(Kind::access, phone_.id(), 0, phone_.session.record.nonce);
  server_.sql("INSERT INTO gaps (from_at, to_at, noted_at) VALUES (1, 2, 2)");
  expect(token, Worth::soft, Reason::key_lost);
  server_.sql("UPDATE sessions SET ended = 2, end_reason = 1, ended_at = 1");
  expect(token, Worth::ended, Reason::ended_for_good);
  server_.sql("INSERT INTO server_keys (id, fingerprint, created_at) VALUES (3, 'x', 1)");
  expect(token, Worth::unknown, Reason::forged);
}

// A standby may have taken over that lacks it, and the node that holds it not have noticed yet.
TEST_P(KeysOfTokens, AKeyThatIsNotListedAfterAFailoverIsWaitedFor) {
  TokenCodec codec = codec_of_key(2);
  const std::string token = codec.mint(Kind::access, phone_.id(), 0, phone_.session.record.nonce);
  expect(token, Worth::unknown, Reason::forged);
  server_.db().write_now([&](db::Tx& tx) { server_->reconnected(tx); });
  EXPECT_THROW(server_.check(token), db::Unavailable);
  EXPECT_TRUE(server_.check(phone_.access()).active()) << "others are not harmed";
  server_.sql("INSERT INTO server_keys (id, fingerprint, created_at) VALUES (3, 'x', 1)");
  expect(token, Worth::unknown, Reason::forged);
}

TEST_P(KeysOfTokens, KeysThatAStandbyLacksAreListedByTheFirstConnectionToIt) {
  const auto listed = [&] { return server_.count("SELECT COUNT(*) FROM server_keys"); };
  const auto newer = keys::rotate_keys(server_.db(), server_.key_file(), server_.clock.now());
  ASSERT_TRUE(newer.has_value()) << error_of(newer);
  server_->use_keys(*newer);
  server_.sql("DELETE FROM server_keys WHERE id > 1");
  server_.db().write_now([&](db::Tx& tx) { server_->reconnected(tx); });
  EXPECT_EQ(listed(), 2);
  // Or while a node starts, between the opening of its file and the note that it is there.
  server_.sql("DELETE FROM server_keys WHERE id > 1");
  server_.db().write_now([&](db::Tx& tx) { server_->note_gap(tx); });
  EXPECT_EQ(listed(), 2);
  // It may have taken over between the making of a key and its first use, and been told nothing.
  const auto newest = keys::rotate_keys(server_.db(), server_.key_file(), server_.clock.now());
  ASSERT_TRUE(newest.has_value()) << error_of(newest);
  server_.sql("DELETE FROM server_keys WHERE id > 2");
  server_->use_keys(*newest);
  EXPECT_EQ(listed(), 3);
}

TEST_P(KeysOfTokens, ARingThatWasReadBeforeTheNewestWasMadeIsNotTaken) {
  const auto newer = keys::rotate_keys(server_.db(), server_.key_file(), server_.clock.now());
  ASSERT_TRUE(newer.has_value()) << error_of(newer);
  const auto newest = keys::rotate_keys(server_.db(), server_.key_file(), server_.clock.now());
  ASSERT_TRUE(newest.has_value()) << error_of(newest);
  server_->use_keys(*newest);
  server_->use_keys(*newer);
  EXPECT_EQ(server_->keys()->keys().size(), 3U);
}

TEST_P(KeysOfTokens, KeysThatCannotBeListedSignNothing) {
  const auto newer = keys::rotate_keys(server_.db(), server_.key_file(), server_.clock.now());
  ASSERT_TRUE(newer.has_value()) << error_of(newer);
  server_.db().close();
  EXPECT_THROW(server_->use_keys(*newer), db::Unavailable);
  EXPECT_EQ(server_->keys()->keys().size(), 1U);
}

TEST_P(KeysOfTokens, AKeyThatAnotherNodeHasMadeIsReadFromTheFile) {
  const auto newer = keys::rotate_keys(server_.db(), server_.key_file(), server_.clock.now());
  ASSERT_TRUE(newer.has_value()) << error_of(newer);
  TokenCodec codec(*newer);
  const std::string token = codec.mint(Kind::access, phone_.id(), 0, phone_.session.record.nonce);
  EXPECT_TRUE(server_.check(token).active());
  EXPECT_TRUE(server_.check(phone_.access()).active()) << "the older key goes on being good";
}

TEST_P(KeysOfTokens, AClockSetBackKeepsNoKeyOutThatAnotherNodeHasMade) {
  for (int i = 0; i < 2; ++i) {
    const auto newer = keys::rotate_keys(server_.db(), server_.key_file(), server_.clock.now());
    ASSERT_TRUE(newer.has_value());
    TokenCodec codec(*newer);
    EXPECT_TRUE(server_.check(codec.mint(Kind::access, phone_.id(), 0, phone_.session.record.nonce))
                    .active());
    server_.clock.advance(-1s);
  }
}

TEST_P(KeysOfTokens, AKeyThatIsListedButNotHeldIsAFaultThatPasses) {
  server_.sql("INSERT INTO server_keys (id, fingerprint, created_at) VALUES (200, 'x', 1)");
  TokenCodec codec = codec_of_key(200);
  const std::string token = codec.mint(Kind::access, phone_.id(), 0, phone_.session.record.nonce);
  for (int i = 0; i < 3; ++i) EXPECT_THROW(server_.check(token), db::Unavailable);
  EXPECT_TRUE(server_.check(phone_.access()).active()) << "others are not harmed";
}

TEST_P(KeysOfTokens, AsksWhetherItsKeyWasGivenUpWhileOtherNodesAreNotHeard) {
  server_->remember_while([] { return false; });
  EXPECT_TRUE(server_.check(phone_.access()).active());
  std::filesystem::remove(server_.key_file());
  const auto keys = keys::replace_keys(server_.db(), server_.key_file(), server_.clock.now());
  ASSERT_TRUE(keys.has_value()) << error_of(keys);
  expect(phone_.access(), Worth::soft, Reason::key_lost);
  server_->remember_while([] { return true; });
  server_->take_announced_keys();  // it was told by the row
  expect(phone_.access(), Worth::soft, Reason::key_lost);
}

TEST_P(KeysOfTokens, RemembersNothingOfAKeyThatWasGivenUp) {
  server_.look(phone_.access());
  server_.look(phone_.access());
  ASSERT_TRUE(server_.remembers(phone_.access()));
  std::filesystem::remove(server_.key_file());
  const auto keys = keys::replace_keys(server_.db(), server_.key_file(), server_.clock.now());
  ASSERT_TRUE(keys.has_value()) << error_of(keys);
  server_->use_keys(*keys);
  expect(phone_.access(), Worth::soft, Reason::key_lost);
}

TEST_P(KeysOfTokens, TakesTheKeysThatItMayHaveMissed) {
  std::filesystem::remove(server_.key_file());
  const auto keys = keys::replace_keys(server_.db(), server_.key_file(), server_.clock.now());
  ASSERT_TRUE(keys.has_value()) << error_of(keys);
  EXPECT_TRUE(server_.check(phone_.access()).active()) << "it was not told";
  server_->may_have_missed();
  server_->take_announced_keys();
  expect(phone_.access(), Worth::soft, Reason::key_lost);
}

TEST_P(KeysOfTokens, OfALostKeyIsSoftUnlessASessionOfThatIdEndedAndWritesNothing) {
  const auto tablet = server_.sign_in(alice_, TestSessions::refreshing("TABLET"));
  server_.sign_out(tablet.access()).value();
  std::filesystem::remove(server_.key_file());
  const auto keys = keys::replace_keys(server_.db(), server_.key_file(), server_.clock.now());
  ASSERT_TRUE(keys.has_value()) << error_of(keys);
  server_->use_keys(*keys);

  expect(phone_.access(), Worth::soft, Reason::key_lost);
  expect(tablet.access(), Worth::ended, Reason::ended_for_good);
  EXPECT_EQ(error_of(server_.refresh(phone_.refresh())).reason, Reason::key_lost);
  EXPECT_EQ(error_of(server_.sign_out(phone_.access())).reason, Reason::key_lost);
  EXPECT_EQ(error_of(server_.sign_out_everywhere(phone_.access())).reason, Reason::key_lost);
  EXPECT_EQ(server_.row(phone_.id()).ended, Ended::live);

  const auto gaps = server_.count("SELECT COUNT(*) FROM gaps");
  server_.lose_row(phone_.id());
  server_.clock.advance(-24h);
  expect(phone_.access(), Worth::soft, Reason::key_lost);
  EXPECT_EQ(server_.count("SELECT COUNT(*) FROM gaps"), gaps);

  server_.clock.advance(24h);
  const auto again = server_.sign_in(alice_, TestSessions::refreshing("PHONE"));
  EXPECT_TRUE(server_.check(again.access()).active()) << "the same device, with the new key";
}

}  // namespace
}  // namespace latchkey::sessions
