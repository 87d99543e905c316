#include "domain/accounts/audit.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "domain/accounts/accounts_testing.h"
#include "platform/error_testing.h"
#include "platform/text/ulid.h"

namespace latchkey::administration {
namespace {

using namespace std::chrono_literals;
using accounts::testing::AdministrationNow;
using sessions::Account;
using sessions::testing::kNoon;
using sessions::testing::TestSessions;
using ::testing::AllOf;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

const Operator kBob{"command line (bob)", "local"};

class AuditTest : public accounts::testing::AccountsOnEachEngine {
 protected:
  AuditTest() {
    administration_.create_user(kBob, "alice", "correct horse", false).value();
    alice_ = user("alice")->account;
  }
  // A moment later, so that the order is told.
  AdministrationNow& a() {
    server_.clock.advance(1ms);
    return administration_;
  }
  // As "action target: detail", the oldest first.
  std::vector<std::string> noted() {
    std::vector<std::string> lines;
    for (const auto& entry : administration_.list_audit(std::nullopt, 100).value()) {
      lines.insert(lines.begin(), entry.action + " " + entry.target + ": " + entry.detail);
    }
    return lines;
  }
  // What was noted since the last time.
  std::vector<std::string> newly_noted() {
    auto lines = noted();
    lines.erase(lines.begin(), lines.begin() + static_cast<std::ptrdiff_t>(seen_));
    seen_ += lines.size();
    return lines;
  }

  Account alice_;
  std::size_t seen_ = 0;
};

INSTANTIATE_TEST_SUITE_P(Engines, AuditTest, db::engines(), db::engine_name);

TEST_P(AuditTest, SaysWhoDidWhatWhenAndWhence) {
  server_.clock.advance(1s);
  administration_.lock({"@carol:example.com", "192.0.2.7"}, "Alice").value();
  const auto entries = administration_.list_audit(std::nullopt, 100).value();
  ASSERT_THAT(entries, SizeIs(2));
  EXPECT_EQ(entries[0].at, kNoon + 1s);
  EXPECT_EQ(entries[0].by.name, "@carol:example.com");
  EXPECT_EQ(entries[0].by.address, "192.0.2.7");
  EXPECT_EQ(entries[0].action, "user lock");
  EXPECT_EQ(entries[0].target, "@alice:example.com");
  EXPECT_EQ(entries[0].detail, "");
  EXPECT_EQ(entries[1].by.name, "command line (bob)");
  EXPECT_EQ(entries[1].action, "user create");
}

TEST_P(AuditTest, EveryChangeOfAnAccountIsNotedOnce) {
  const auto twice = [](auto change) {
    EXPECT_TRUE(change().has_value());
    change();  // changes nothing
  };
  EXPECT_THAT(newly_noted(), ElementsAre("user create @alice:example.com: "));
  a().create_user(kBob, "root", "correct horse", true).value();
  EXPECT_THAT(newly_noted(), ElementsAre("user create @root:example.com: administrator"));
  twice([&] { return a().lock(kBob, "alice"); });
  twice([&] { return a().unlock(kBob, "alice"); });
  twice([&] { return a().suspend(kBob, "alice"); });
  twice([&] { return a().unsuspend(kBob, "alice"); });
  EXPECT_THAT(
      newly_noted(),
      ElementsAre("user lock @alice:example.com: ", "user unlock @alice:example.com: ",
                  "user suspend @alice:example.com: ", "user unsuspend @alice:example.com: "));
  twice([&] { return a().set_admin(kBob, "alice", true); });
  twice([&] { return a().set_admin(kBob, "alice", false); });
  EXPECT_THAT(newly_noted(), ElementsAre("user admin @alice:example.com: on",
                                         "user admin @alice:example.com: off"));
  twice([&] { return a().add_threepid(kBob, "alice", "email", "Alice@Example.com"); });
  twice([&] { return a().remove_threepid(kBob, "alice", "email", "alice@example.com"); });
  EXPECT_THAT(newly_noted(),
              ElementsAre("user add-threepid @alice:example.com: email alice@example.com",
                          "user remove-threepid @alice:example.com: email alice@example.com"));
  a().set_password(kBob, "alice", "battery staple").value();
  twice([&] { return a().deactivate(kBob, "alice", false); });
  twice([&] { return a().deactivate(kBob, "alice", true); });
  twice([&] { return a().reactivate(kBob, "alice"); });
  EXPECT_THAT(newly_noted(), ElementsAre("user set-password @alice:example.com: ",
                                         "user deactivate @alice:example.com: ",
                                         "user deactivate @alice:example.com: erased",
                                         "user reactivate @alice:example.com: "));
}

TEST_P(AuditTest, WhatEndsSessionsIsNotedWithTheirUser) {
  const auto phone = server_.sign_in(alice_, TestSessions::refreshing("PHONE"));
  const std::string id = text::format_id(phone.id());
  newly_noted();
  for (int i = 0; i < 2; ++i) std::ignore = a().soft_logout_session(kBob, phone.id());
  for (int i = 0; i < 2; ++i) std::ignore = a().end_session(kBob, phone.id());
  EXPECT_THAT(
      newly_noted(),
      ElementsAre("session soft-logout @alice:example.com: session " + id + ", device PHONE",
                  "session end @alice:example.com: session " + id + ", device PHONE"));
  server_.sign_in(alice_, TestSessions::refreshing("PHONE"));
  for (int i = 0; i < 2; ++i) a().soft_logout_user(kBob, "alice").value();
  server_.sign_in(alice_, TestSessions::refreshing("PHONE"));
  for (int i = 0; i < 2; ++i) a().soft_logout_everybody(kBob);
  a().mark_gap(kBob, kNoon - 1h, kNoon).value();
  EXPECT_THAT(newly_noted(),
              ElementsAre("user soft-logout @alice:example.com: 1 session",
                          "session soft-logout-all everybody: 1 session",
                          "session mark-gap everybody: from 2027-01-15T07:00:00.000Z to "
                          "2027-01-15T08:00:00.000Z"));
}

TEST_P(AuditTest, RegistrationTokensAreNotedWithoutTheirText) {
  newly_noted();
  const auto token =
      a().create_registration_token(kBob, {.text = "Team-2026", .name = "for the team"}).value();
  const std::string id = text::format_id(token.id);
  for (int i = 0; i < 2; ++i) std::ignore = a().revoke_registration_token(kBob, token.id);
  EXPECT_THAT(newly_noted(),
              ElementsAre("registration-token create registration token " + id + ": for the team",
                          "registration-token revoke registration token " + id + ": for the team"));
  EXPECT_THAT(administration_log_, Each(Not(HasSubstr("Team-2026"))));
}

TEST_P(AuditTest, WhatIsRefusedIsNotNoted) {
  newly_noted();
  const auto lines = administration_log_.size();
  EXPECT_FALSE(a().create_user(kBob, "alice", "correct horse", false).has_value());
  EXPECT_FALSE(a().create_user(kBob, "bob", "short", false).has_value());
  EXPECT_FALSE(a().set_password(kBob, "alice", "short").has_value());
  EXPECT_FALSE(a().lock(kBob, "nobody").has_value());
  EXPECT_FALSE(a().reactivate(kBob, "alice").has_value());
  EXPECT_FALSE(a().add_threepid(kBob, "alice", "email", "nothing").has_value());
  EXPECT_FALSE(a().end_session(kBob, SessionId{7}).has_value());
  EXPECT_FALSE(a().create_registration_token(kBob, {.text = "not a token"}).has_value());
  EXPECT_THAT(newly_noted(), IsEmpty());
  EXPECT_THAT(administration_log_, SizeIs(lines));
}

TEST_P(AuditTest, ListsWhatConcernsOneUserAndNoMoreThanAsked) {
  administration_.create_user(kBob, "carol", std::nullopt, false).value();
  for (int i = 0; i < 3; ++i) {
    a().lock(kBob, "alice").value();
    a().unlock(kBob, "alice").value();
  }
  EXPECT_THAT(administration_.list_audit("carol", 100).value(), SizeIs(1));
  EXPECT_THAT(administration_.list_audit("@alice:example.com", 100).value(), SizeIs(7));
  EXPECT_THAT(administration_.list_audit("alice", 2).value(), SizeIs(2));
  EXPECT_EQ(administration_.list_audit("alice", 2).value().front().action, "user unlock");
  EXPECT_THAT(administration_.list_audit(std::nullopt, 5).value(), SizeIs(5));
  EXPECT_EQ(error_of(administration_.list_audit("nobody", 5)),
            (AdminRefused{AdminRefused::Why::no_such_user, "nobody"}));
}

TEST_P(AuditTest, TheLogHasALineForEachWithoutPersonsAddresses) {
  administration_.add_threepid(kBob, "alice", "email", "alice@example.org").value();
  EXPECT_THAT(administration_log_, SizeIs(2));
  EXPECT_THAT(administration_log_.back(),
              AllOf(HasSubstr("\"user add-threepid\""), HasSubstr("\"@alice:example.com\""),
                    HasSubstr("command line (bob)"), HasSubstr("\"local\""),
                    Not(HasSubstr("alice@example.org"))));
}

TEST_P(AuditTest, IsOfTheSameTransaction) {
  EXPECT_THROW(server_.db().write_now([&](db::Tx& tx) {
    administration_.note(tx, kBob, "user lock", "@alice:example.com");
    throw std::runtime_error("the rest of it fails");
  }),
               std::runtime_error);
  EXPECT_THAT(noted(), SizeIs(1));
  EXPECT_THAT(administration_log_, SizeIs(1));
  a().record(kBob, "keys rotate", "server keys", "key 2");
  EXPECT_EQ(noted().back(), "keys rotate server keys: key 2");
}

}  // namespace
}  // namespace latchkey::administration
