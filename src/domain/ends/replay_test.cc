#include "domain/ends/replay.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "domain/accounts/accounts_testing.h"
#include "domain/ends/journal.h"
#include "domain/ends/recorder.h"
#include "domain/sessions/lost_rows.h"
#include "platform/error_testing.h"

namespace latchkey::ends {
namespace {

using namespace std::chrono_literals;
using accounts::testing::kOperator;
using sessions::testing::TestSessions;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

// A database that is put back to what it was, and the journal beside it, which is not.
class ReplayTest : public accounts::testing::AccountsOnEachEngine {
 protected:
  ReplayTest() {
    std::filesystem::remove(path_);
    recorder_.listen(server_.events);
  }

  std::vector<std::string> lines() const {
    std::ifstream in(path_);
    std::vector<std::string> all;
    for (std::string line; std::getline(in, line);) all.push_back(line);
    return all;
  }
  ReplayReport replay(bool apply = true) {
    return replay_.run_now(kOperator, {path_}, apply).value();
  }
  // As a backup from before the end has it, device and all.
  void bring_back(const sessions::Record& row) {
    server_.put_back(row);
    server_.sql("UPDATE devices SET deleted_at = NULL WHERE id = :id", *row.device);
  }

  const std::string path_ =
      std::filesystem::path(server_.key_file()).parent_path() / "journal of ends";
  Journal journal_{path_, 1'000'000, [](std::string_view) {}};
  Recorder recorder_{journal_, server_.clock};
  Replay replay_{server_.ground(), *server_, *administration_, "example.com"};
};

INSTANTIATE_TEST_SUITE_P(Engines, ReplayTest, db::engines(), db::engine_name);

TEST_P(ReplayTest, EndsAgainWhatHadEndedAndNothingElse) {
  const auto alice = server_.add_user();
  const auto phone = server_.sign_in(alice, TestSessions::refreshing("PHONE"));
  const auto tablet = server_.sign_in(alice, TestSessions::refreshing("TABLET"));
  const auto backup = server_.row(phone.id());
  ASSERT_TRUE(server_.sign_out(phone.access()));
  EXPECT_THAT(lines(), ElementsAre(AllOf(HasSubstr("\"user\":\"alice\""), HasSubstr("PHONE"),
                                         HasSubstr("logout"))));
  bring_back(backup);
  EXPECT_TRUE(server_.look(phone.access()).standing.active());

  const auto look = replay(false);
  EXPECT_EQ(look.sessions, 1U);
  EXPECT_FALSE(look.applied);
  EXPECT_TRUE(server_.look(phone.access()).standing.active());

  EXPECT_EQ(replay().sessions, 1U);
  EXPECT_EQ(server_.row(phone.id()).ended, Ended::for_good);
  EXPECT_EQ(server_.row(phone.id()).end_reason, EndReason::logout);
  EXPECT_TRUE(server_.look(tablet.access()).standing.active());
  // Again, with what the replay itself has written: there is nothing left to do.
  EXPECT_EQ(replay().sessions, 0U);
}

TEST_P(ReplayTest, LeavesASessionThatBeganSinceOnTheSameDevice) {
  const auto alice = server_.add_user();
  const auto phone = server_.sign_in(alice, TestSessions::refreshing("PHONE"));
  const auto backup = server_.row(phone.id());
  ASSERT_TRUE(server_.sign_out(phone.access()));
  bring_back(backup);
  const auto later = server_.sign_in(alice, TestSessions::refreshing("PHONE"));
  ASSERT_EQ(server_.row(phone.id()).ended, Ended::softly);
  EXPECT_EQ(replay().sessions, 0U);
  EXPECT_TRUE(server_.look(later.access()).standing.active());
}

TEST_P(ReplayTest, EndsSoftlyWhatHadEndedSoftly) {
  const auto alice = server_.add_user();
  const auto phone = server_.sign_in(alice, TestSessions::refreshing("PHONE"));
  const auto backup = server_.row(phone.id());
  ASSERT_TRUE(administration_.soft_logout_session(kOperator, phone.id()));
  bring_back(backup);
  EXPECT_EQ(replay().sessions, 1U);
  EXPECT_EQ(server_.row(phone.id()).ended, Ended::softly);
}

TEST_P(ReplayTest, EndsEverybodysSessionsThatHadBegunByThen) {
  const auto alice = server_.add_user();
  const auto phone = server_.sign_in(alice, TestSessions::refreshing("PHONE"));
  const auto backup = server_.row(phone.id());
  server_.clock.advance(1min);
  administration_.soft_logout_everybody(kOperator);
  bring_back(backup);
  server_.clock.advance(1min);
  const auto later = server_.sign_in(alice, TestSessions::refreshing("TABLET"));
  EXPECT_EQ(replay().sessions, 1U);
  EXPECT_EQ(server_.row(phone.id()).ended, Ended::softly);
  EXPECT_TRUE(server_.look(later.access()).standing.active());
}

TEST_P(ReplayTest, WritesNothingOfASignInToTheSameDevice) {
  const auto alice = server_.add_user();
  server_.sign_in(alice, TestSessions::refreshing("PHONE"));
  server_.sign_in(alice, TestSessions::refreshing("PHONE"));
  EXPECT_THAT(lines(), ::testing::IsEmpty());
}

TEST_P(ReplayTest, LocksAndDeactivatesAgainByTheNewestLine) {
  ASSERT_TRUE(administration_.create_user(kOperator, "locked", {}, false));
  ASSERT_TRUE(administration_.create_user(kOperator, "unlocked", {}, false));
  ASSERT_TRUE(administration_.create_user(kOperator, "gone", {}, false));
  ASSERT_TRUE(administration_.lock(kOperator, "locked"));
  ASSERT_TRUE(administration_.lock(kOperator, "unlocked"));
  server_.clock.advance(1s);
  ASSERT_TRUE(administration_.unlock(kOperator, "unlocked"));
  ASSERT_TRUE(administration_.deactivate(kOperator, "gone", false));
  server_.sql("UPDATE users SET locked_at = NULL, deactivated_at = NULL");
  const auto look = replay(false);
  EXPECT_THAT(look.locked.names, ElementsAre("locked"));
  EXPECT_THAT(look.deactivated.names, ElementsAre("gone"));
  replay();
  EXPECT_TRUE(user("locked")->account.locked_at);
  EXPECT_FALSE(user("unlocked")->account.locked_at);
  EXPECT_TRUE(user("gone")->account.deactivated_at);
  EXPECT_EQ(replay().locked.count, 0U);
}

TEST_P(ReplayTest, NamesThoseWhosePasswordMayBeAnOlderOne) {
  ASSERT_TRUE(administration_.create_user(kOperator, "alice", "correct horse", false));
  ASSERT_TRUE(administration_.create_user(kOperator, "bob", "correct horse", false));
  server_.clock.advance(24h);
  server_->heartbeat();
  ASSERT_TRUE(administration_.set_password(kOperator, "bob", "battery staple"));
  server_.clock.advance(24h);
  const Time changed = server_.clock.now();
  ASSERT_TRUE(administration_.set_password(kOperator, "alice", "battery staple"));
  server_.sql("DELETE FROM gaps");
  server_.db().write_now(
      [&](db::Tx& tx) { sessions::add_gap(tx, changed - 1min, changed + 1min, changed); });
  EXPECT_THAT(replay(false).older_passwords.names, ElementsAre("alice"));
}

TEST_P(ReplayTest, PassesOverLinesThatWereCutOff) {
  const auto phone = server_.sign_in(server_.add_user(), TestSessions::refreshing("PHONE"));
  const auto backup = server_.row(phone.id());
  std::ofstream(path_, std::ios::app) << R"({"at":"2026-01-01T00:)";
  ASSERT_TRUE(server_.sign_out(phone.access()));
  bring_back(backup);
  const auto report = replay();
  EXPECT_EQ(report.sessions, 1U);
  EXPECT_EQ(report.unreadable, 1U);
  EXPECT_EQ(report.lines, 2U);
}

TEST_P(ReplayTest, OfAFileThatIsNotThereDoesNothing) {
  const auto phone = server_.sign_in(server_.add_user(), TestSessions::refreshing("PHONE"));
  const auto backup = server_.row(phone.id());
  ASSERT_TRUE(server_.sign_out(phone.access()));
  bring_back(backup);
  const auto refused = replay_.run_now(kOperator, {path_, path_ + ".7"}, true);
  ASSERT_FALSE(refused);
  EXPECT_THAT(error_of(refused).subject, HasSubstr(".7"));
  EXPECT_TRUE(server_.look(phone.access()).standing.active());
}

// Nothing is acknowledged that the journal lacks.
TEST_P(ReplayTest, NothingEndsWhileTheJournalCannotBeWritten) {
  const auto phone = server_.sign_in(server_.add_user(), TestSessions::refreshing("PHONE"));
  std::filesystem::remove(path_);
  std::filesystem::create_directory(path_);
  EXPECT_THROW(std::ignore = server_.sign_out(phone.access()), db::Unavailable);
  EXPECT_TRUE(server_.look(phone.access()).standing.active());
  std::filesystem::remove(path_);
  EXPECT_TRUE(server_.sign_out(phone.access()));
  EXPECT_EQ(lines().size(), 1U);
}

}  // namespace
}  // namespace latchkey::ends
