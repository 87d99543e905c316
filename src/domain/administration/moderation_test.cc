// Lock and suspend by administrators (MSC4323), against both engines.
#include "domain/administration/moderation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "domain/accounts/accounts_testing.h"

namespace latchkey::administration {
namespace {

using accounts::testing::kOperator;
using sessions::Account;
using sessions::Identity;
using sessions::Worth;
using sessions::testing::run;
using Refused = ModerationRefused;
using ::testing::ElementsAre;

constexpr Measure kMeasures[] = {Measure::lock, Measure::suspend};

class ModerationTest : public accounts::testing::AccountsOnEachEngine {
 protected:
  ModerationTest() {
    for (const char* name : {"admin", "other", "gone", "alice"}) {
      administration_.create_user(kOperator, name, std::nullopt, false).value();
    }
    for (const char* name : {"admin", "other"}) {
      administration_.set_admin(kOperator, name, true).value();
    }
    administration_.deactivate(kOperator, "gone", false).value();
    server_.sql("DELETE FROM audit");
  }

  Identity identity(std::string_view name) { return sessions::identity_of(user(name)->account); }
  Moderation::Result<bool> write(const Identity& who, const std::string& user_id, Measure measure,
                                 bool wanted) {
    return run(moderation_.write(who, "192.0.2.7", user_id, measure, wanted));
  }
  Moderation::Result<bool> read(const Identity& who, const std::string& user_id, Measure measure) {
    return run(moderation_.read(who, user_id, measure));
  }
  // Who is refused is refused alike by both measures, and takes and lifts nothing.
  void expect_refused(const Identity& who, const std::string& user_id, Refused why) {
    for (const Measure measure : kMeasures) {
      for (const bool wanted : {true, false}) {
        EXPECT_EQ(write(who, user_id, measure, wanted), std::unexpected(why)) << user_id;
      }
    }
    EXPECT_EQ(server_.count("SELECT COUNT(*) FROM audit"), 0);
  }
  std::vector<std::string> noted() {
    std::vector<std::string> lines;
    for (const auto& entry : administration_.list_audit(std::nullopt, 100).value()) {
      lines.insert(lines.begin(), entry.by.name + " " + entry.by.address + " " + entry.action +
                                      " " + entry.target);
    }
    return lines;
  }

  Moderation moderation_{server_.ground(), *administration_, "example.com"};
};

INSTANTIATE_TEST_SUITE_P(Engines, ModerationTest, db::engines(), db::engine_name);

TEST_P(ModerationTest, TakesReadsAndLifts) {
  const Identity admin = identity("admin");
  for (const Measure measure : kMeasures) {
    EXPECT_EQ(read(admin, "@alice:example.com", measure), false);
    for (const bool wanted : {true, true, false, false}) {
      EXPECT_EQ(write(admin, "@alice:example.com", measure, wanted), wanted);
      EXPECT_EQ(read(admin, "@alice:example.com", measure), wanted);
    }
  }
}

TEST_P(ModerationTest, IsFeltByTheSessionsAtOnceAndKeepsTheTime) {
  const auto phone = server_.sign_in(user("alice")->account);
  ASSERT_TRUE(server_.check(phone.access()).active());
  ASSERT_EQ(write(identity("admin"), "@alice:example.com", Measure::lock, true), true);
  EXPECT_EQ(server_.check(phone.access()).worth, Worth::locked);
  const auto since = user("alice")->account.locked_at;
  server_.clock.advance(std::chrono::hours{1});
  ASSERT_EQ(write(identity("other"), "@alice:example.com", Measure::lock, true), true);
  EXPECT_EQ(user("alice")->account.locked_at, since) << "it was locked before";
  ASSERT_EQ(write(identity("admin"), "@alice:example.com", Measure::suspend, true), true);
  ASSERT_EQ(write(identity("admin"), "@alice:example.com", Measure::lock, false), false);
  EXPECT_TRUE(user("alice")->account.suspended_at.has_value()) << "one is not the other";
  EXPECT_TRUE(server_.refresh(phone.refresh()).has_value());
}

TEST_P(ModerationTest, RefusesInThisOrder) {
  const Identity admin = identity("admin"), alice = identity("alice");
  Identity suspended = admin;
  suspended.suspended = true;
  for (const char* anybody : {"@other:example.com", "@alice:example.com", "@gone:example.com",
                              "@nobody:example.com", "@alice:example.org", "alice"}) {
    expect_refused(alice, anybody, Refused::not_administrator);
    expect_refused(suspended, anybody, Refused::suspended);
    EXPECT_EQ(read(alice, anybody, Measure::lock), std::unexpected(Refused::not_administrator));
    EXPECT_EQ(read(suspended, anybody, Measure::lock), std::unexpected(Refused::suspended));
  }
  for (const char* elsewhere :
       {"@alice:example.org", "alice", "@alice", "@:example.com", "", "@alice:example.com:80",
        "@alice:EXAMPLE.com", "@al ice:example.com"}) {
    expect_refused(admin, elsewhere, Refused::not_local);
    EXPECT_EQ(read(admin, elsewhere, Measure::lock), std::unexpected(Refused::not_local));
  }
  for (const char* nobody : {"@nobody:example.com", "@gone:example.com"}) {
    expect_refused(admin, nobody, Refused::not_found);
    EXPECT_EQ(read(admin, nobody, Measure::lock), std::unexpected(Refused::not_found));
  }
  expect_refused(admin, "@admin:example.com", Refused::own_account);
  expect_refused(admin, "@other:example.com", Refused::other_administrator);
  EXPECT_EQ(read(admin, "@admin:example.com", Measure::lock), false) << "looking is free";
  EXPECT_EQ(read(admin, "@other:example.com", Measure::lock), false);
}

TEST_P(ModerationTest, NotesWhatChangesByTheNameThatTheUserHas) {
  const Identity admin = identity("admin");
  write(admin, "@alice:example.com", Measure::lock, true).value();
  write(admin, "@alice:example.com", Measure::lock, true).value();
  server_.clock.advance(std::chrono::seconds{1});
  write(admin, "@Alice:example.com", Measure::lock, false).value();
  server_.clock.advance(std::chrono::seconds{1});
  write(admin, "@alice:example.com", Measure::suspend, true).value();
  EXPECT_THAT(noted(), ElementsAre("@admin:example.com 192.0.2.7 user lock @alice:example.com",
                                   "@admin:example.com 192.0.2.7 user unlock @alice:example.com",
                                   "@admin:example.com 192.0.2.7 user suspend @alice:example.com"));
}

TEST_P(ModerationTest, NotesTheClientThroughWhichAnAdministratorActs) {
  Identity admin = identity("admin");
  admin.grant = std::make_shared<sessions::ClientGrant>("01CLIENT", "urn:synapse:admin:*");
  write(admin, "@alice:example.com", Measure::lock, true).value();
  EXPECT_THAT(noted(), ElementsAre("@admin:example.com (client 01CLIENT) 192.0.2.7 user lock "
                                   "@alice:example.com"));
}

TEST_P(ModerationTest, WhoMayModerate) {
  Identity who;
  EXPECT_TRUE(Moderation::refuse(who).has_value());
  who.admin = true;
  EXPECT_FALSE(Moderation::refuse(who).has_value());
  who.suspended = true;
  EXPECT_TRUE(Moderation::refuse(who).has_value());
}

}  // namespace
}  // namespace latchkey::administration
